package io.trapline.config;

import com.fasterxml.jackson.core.JsonFactory;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/// Problems as people and programs read them. Paths below the home directory are shown relative to
/// it, with `/`.
public final class ProblemReport {
    private static final JsonFactory JSON = OutsideJson.factory();

    private ProblemReport() {}

    /// One line a problem: `conf.d/trapline.conf:12: [http] listen = "foo": …`; what is no error
    /// says so (`warning:`, `info:`) after the place.
    public static List<String> lines(Path home, List<Problem> problems) {
        return problems.stream().map(problem -> line(home, problem)).toList();
    }

    /// Whether one of [#lines] is nothing to mend.
    public static boolean isRemark(String line) {
        return line.contains(": info: ");
    }

    /// A JSON array of `{"severity":"error","file":…,"line":…,"column":…,"message":…}`; `line` and
    /// `column` only when known.
    public static String json(Path home, List<Problem> problems) {
        StringWriter text = new StringWriter();
        try (var json = JSON.createGenerator(text)) {
            json.writeStartArray();
            for (Problem problem : problems) {
                json.writeStartObject();
                json.writeStringField("severity", word(problem));
                json.writeStringField("file", relative(home, problem.file()));
                if (problem.line() > 0) {
                    json.writeNumberField("line", problem.line());
                }
                if (problem.column() > 0) {
                    json.writeNumberField("column", problem.column());
                }
                json.writeStringField("message", problem.message());
                json.writeEndObject();
            }
            json.writeEndArray();
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory failed", e);
        }
        return text.toString();
    }

    private static String line(Path home, Problem problem) {
        String place = relative(home, problem.file());
        if (problem.line() > 0) {
            place += ":" + problem.line();
        }
        if (problem.column() > 0) {
            place += ":" + problem.column();
        }
        String prefix =
                switch (problem.severity()) {
                    case ERROR -> "";
                    case WARNING, INFO -> word(problem) + ": ";
                };
        return place + ": " + prefix + problem.message();
    }

    private static String word(Problem problem) {
        return problem.severity().name().toLowerCase(Locale.ROOT);
    }

    private static String relative(Path home, Path file) {
        if (file.startsWith(home) && !file.equals(home)) {
            return home.relativize(file).toString().replace('\\', '/');
        }
        return file.toString();
    }
}
