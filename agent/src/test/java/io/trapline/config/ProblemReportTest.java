package io.trapline.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.config.Problem.Severity;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProblemReportTest {
    private static final Path HOME = Path.of("/opt/trapline");
    private static final List<Problem> PROBLEMS =
            List.of(
                    new Problem(Severity.ERROR, HOME.resolve("conf.d/a.conf"), 12, 3, "no \"x\""),
                    new Problem(Severity.WARNING, HOME.resolve("conf.d/a.conf"), 13, 0, "odd"),
                    new Problem(Severity.INFO, Path.of("/etc/b.conf"), 0, 0, "nice"),
                    new Problem(Severity.ERROR, HOME, 0, 0, "gone"));

    @Test
    void a_line_starts_with_the_place_as_seen_from_home() {
        assertThat(ProblemReport.lines(HOME, PROBLEMS))
                .containsExactly(
                        "conf.d/a.conf:12:3: no \"x\"",
                        "conf.d/a.conf:13: warning: odd",
                        "/etc/b.conf: info: nice",
                        "/opt/trapline: gone");
    }

    @Test
    void json_has_line_and_column_where_they_are_known() {
        assertThat(ProblemReport.json(HOME, PROBLEMS.subList(0, 3)))
                .isEqualTo(
                        "[{\"severity\":\"error\",\"file\":\"conf.d/a.conf\",\"line\":12,\"column\":3,"
                                + "\"message\":\"no \\\"x\\\"\"},"
                                + "{\"severity\":\"warning\",\"file\":\"conf.d/a.conf\",\"line\":13,"
                                + "\"message\":\"odd\"},"
                                + "{\"severity\":\"info\",\"file\":\"/etc/b.conf\",\"message\":\"nice\"}]");
        assertThat(ProblemReport.json(HOME, List.of())).isEqualTo("[]");
    }

    @Test
    void problems_sort_by_file_then_line_then_column() {
        Problems problems = new Problems();
        problems.add(Severity.ERROR, Path.of("b"), 1, "4");
        problems.syntax(Path.of("a"), 10, 2, "3");
        problems.syntax(Path.of("a"), 10, 1, "2");
        problems.add(Severity.WARNING, Path.of("a"), 9, "1");
        assertThat(problems.sorted())
                .extracting(Problem::message)
                .containsExactly("1", "2", "3", "4");
        assertThat(problems.errors()).isEqualTo(3);
    }
}
