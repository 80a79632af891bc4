import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import software.amazon.event.ruler.Ruler;

/** Reads lines of JSON, {"pattern": …, "event": …}; writes `true` or `false` for each, as AWS's own matcher says. */
public class MatchEvents {
  public static void main(String[] arguments) throws Exception {
    ObjectMapper json = new ObjectMapper();
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      JsonNode pair = json.readTree(line);
      System.out.println(Ruler.matchesRule(pair.get("event").toString(), pair.get("pattern").toString()));
    }
  }
}
