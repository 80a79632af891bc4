import { adoptApp } from './adopt-app.ts';

adoptApp({ owner: 'freshpoint' }).synth();
