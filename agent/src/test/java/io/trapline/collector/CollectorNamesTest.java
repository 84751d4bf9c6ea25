package io.trapline.collector;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.bridge.Worker.LoadedCollector;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CollectorNamesTest {
    /// @param id `module.Class` with `#n` where a worker needs that
    private static LoadedCollector collector(String root, String id) {
        String plain = id.replaceFirst("#.*", "");
        String module = plain.substring(0, plain.lastIndexOf('.'));
        String file = root + "/" + module.replace('.', '/') + ".py";
        return new LoadedCollector(
                id, plain.substring(plain.lastIndexOf('.') + 1), module, file, 10, "");
    }

    /// In any order: names do not depend on it.
    private static Map<String, String> names(LoadedCollector... collectors) {
        List<LoadedCollector> all = new ArrayList<>(Arrays.asList(collectors));
        Map<String, String> names = CollectorNames.of(all);
        Collections.reverse(all);
        assertThat(CollectorNames.of(all)).isEqualTo(names);
        return names;
    }

    @Test
    void a_class_s_name_is_enough_where_it_is_the_only_one() {
        assertThat(names(collector("/d", "a.A"), collector("/d", "sub.a.B")))
                .isEqualTo(Map.of("a.A", "A", "sub.a.B", "B"));
    }

    @Test
    void two_of_one_name_have_their_modules_and_others_none() {
        assertThat(
                        names(
                                collector("/d", "docker.Docker"),
                                collector("/e", "sub.b.Docker"),
                                collector("/e", "sub.b.Other")))
                .isEqualTo(
                        Map.of(
                                "docker.Docker", "docker.Docker",
                                "sub.b.Docker", "sub.b.Docker",
                                "sub.b.Other", "Other"));
    }

    @Test
    void the_same_module_in_two_folders_has_as_many_folders_as_it_takes() {
        assertThat(
                        names(
                                collector("/p/one", "k.K"),
                                collector("/p/two", "k.K#2"),
                                collector("/p/two", "l.K")))
                .isEqualTo(Map.of("k.K", "one.k.K", "k.K#2", "two.k.K", "l.K", "l.K"));
        assertThat(names(collector("/p/one/x", "k.K"), collector("/p/two/x", "k.K#2")))
                .isEqualTo(Map.of("k.K", "one.x.k.K", "k.K#2", "two.x.k.K"));
    }

    @Test
    void two_of_one_name_in_one_file_are_numbered() {
        assertThat(names(collector("/d", "m.C"), collector("/d", "m.C#2")))
                .isEqualTo(Map.of("m.C", "m.C", "m.C#2", "m.C#2"));
    }
}
