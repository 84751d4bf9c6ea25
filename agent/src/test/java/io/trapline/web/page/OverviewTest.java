package io.trapline.web.page;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OverviewTest {
    @Test
    void a_file_that_did_not_load_is_told_in_a_line_with_its_name_and_the_error() {
        String problem =
                """
                Broken in /x/python.d/broken.py did not load:
                /x/python.d/broken.py needs the Python module 'requestz', which is not there.
                Traceback (most recent call last):
                  File "/x/python.d/broken.py", line 2, in <module>
                    import requestz
                ModuleNotFoundError: No module named 'requestz'
                """;
        assertThat(Overview.told(problem))
                .isEqualTo(
                        "Broken in /x/python.d/broken.py did not load: ModuleNotFoundError: No module"
                                + " named 'requestz'");
    }

    @Test
    void a_problem_of_one_line_is_told_as_it_is() {
        String problem = "dirs entry \"nosuch\" does not exist; create it or correct the entry";
        assertThat(Overview.told(problem)).isEqualTo(problem);
    }
}
