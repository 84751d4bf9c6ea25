package io.trapline.bridge;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.trapline.bridge.Worker.LoadProblem;
import io.trapline.bridge.Worker.LoadedCollector;
import io.trapline.config.OutsideJson;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/// What OPEN asks for and LOADED answers.
record Loaded(List<LoadedCollector> collectors, List<LoadProblem> problems) {
    private static final ObjectMapper JSON = OutsideJson.mapper();

    Loaded {
        collectors = List.copyOf(collectors);
        problems = List.copyOf(problems);
    }

    /// What the launcher was started with, before it set the program's own.
    private static OptionalInt callersUmask() {
        try {
            return OptionalInt.of(
                    Integer.parseInt(System.getProperty("trapline.umask", ""), 8) & 0777);
        } catch (NumberFormatException _) {
            return OptionalInt.empty(); // started in another way: there is but one
        }
    }

    static String request(WorkerSpec spec) {
        ObjectNode request = JSON.createObjectNode();
        request.put("input", spec.input());
        request.put("host", spec.endpointHost());
        request.put("port", spec.endpointPort());
        callersUmask().ifPresent(umask -> request.put("umask", umask));
        request.put("open_files", spec.limits().openFiles());
        ObjectNode environment = request.putObject("environment");
        spec.environment().forEach(environment::put);
        ArrayNode modules = request.putArray("modules");
        for (WorkerSpec.Module module : spec.modules()) {
            modules.addObject()
                    .put("name", module.name())
                    .put("file", module.file().toAbsolutePath().normalize().toString())
                    .put("root", module.root().toAbsolutePath().normalize().toString());
        }
        return request.toString();
    }

    private static double interval(double seconds) throws BadFrameException {
        if (!(seconds > 0) || Double.isInfinite(seconds)) {
            throw new BadFrameException("a collector with an interval of " + seconds + " s");
        }
        return seconds;
    }

    static Loaded parse(byte[] answer) throws IOException {
        JsonNode json;
        try {
            json = JSON.readTree(answer);
        } catch (IOException _) { // bytes that begin like UTF-32 are no JsonProcessingException
            throw new BadFrameException("a frame of kind LOADED that is no JSON");
        }
        List<LoadedCollector> collectors = new ArrayList<>();
        for (JsonNode each : json.path("collectors")) {
            collectors.add(
                    new LoadedCollector(
                            each.path("id").asText(),
                            each.path("class").asText(),
                            each.path("module").asText(),
                            each.path("file").asText(),
                            interval(each.path("interval").asDouble()),
                            each.path("warning").asText()));
        }
        List<LoadProblem> problems = new ArrayList<>();
        for (JsonNode each : json.path("problems")) {
            problems.add(
                    new LoadProblem(
                            each.path("module").asText(),
                            each.path("file").asText(),
                            each.path("class").asText(),
                            each.path("error").asText()));
        }
        return new Loaded(collectors, problems);
    }
}
