package io.trapline;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// `dev/faults --list` shows the table of `docs/reliability.md`.
class ReliabilityDocumentTest {
    private static final Pattern ROW = Pattern.compile("(?m)^\\| `([a-z0-9.-]+)` \\| ([^|]*) \\|");

    @Test
    void the_document_has_every_case_of_the_suite_with_what_it_does() throws Exception {
        String document = Files.readString(Path.of("..", "docs", "reliability.md"));
        List<String> rows =
                ROW.matcher(document)
                        .results()
                        .map(row -> row.group(1) + ": " + row.group(2).strip())
                        .toList();

        assertThat(rows).containsExactlyElementsOf(FaultsIT.described());
    }
}
