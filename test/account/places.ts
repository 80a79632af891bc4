/** The key that the endpoint loads its model from. */
export const MODEL_KEY = 'model.tar.gz';
/** The objects of probes in the same bucket. */
export const PROBE_FOLDER = 'probes/';
export const VARIANT = 'AllTraffic';
