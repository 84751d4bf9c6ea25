package io.trapline.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RunTest {
    private static final String FRAMES =
            "Traceback (most recent call last):\n  File \"a.py\", line 7, in run\n    raise x\n";

    @Test
    void a_traceback_is_summed_up_by_the_line_where_its_message_begins() {
        assertThat(Run.summary(FRAMES + "ValueError: no\n\n")).isEqualTo("ValueError: no");
        assertThat(Run.summary(FRAMES + "ValueError: first\nsecond\n  third"))
                .isEqualTo("ValueError: first");
        assertThat(
                        Run.summary(
                                FRAMES
                                        + "KeyError: 1\n\nDuring handling of the above exception,"
                                        + " another exception occurred:\n\n"
                                        + FRAMES
                                        + "ValueError: last"))
                .isEqualTo("ValueError: last");
    }

    @Test
    void any_other_text_is_summed_up_by_its_last_line() {
        assertThat(Run.summary("  File \"a.py\", line 1\n    def x(:\nSyntaxError: bad"))
                .isEqualTo("SyntaxError: bad");
        assertThat(Run.summary("did not end within 10 s")).isEqualTo("did not end within 10 s");
        assertThat(Run.summary("")).isEmpty();
    }
}
