package io.trapline.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PinsTest {
    @TempDir Path folder;
    private Pins pins;

    @BeforeEach
    void open() throws RegistryException {
        pins = Pins.open(folder.resolve("trapline.db"));
        for (String name : new String[] {"a", "b", "c"}) {
            pins.add(" Chart " + name + " ", "name=" + name);
        }
    }

    private String titles() throws RegistryException {
        return String.join(" ", pins.all().stream().map(pin -> pin.title().substring(6)).toList());
    }

    private long id(int at) throws RegistryException {
        return pins.all().get(at).id();
    }

    @Test
    void charts_keep_their_order_over_a_restart() throws RegistryException {
        pins.move(id(2), -1);
        pins.close();
        pins = Pins.open(folder.resolve("trapline.db"));
        assertThat(titles()).isEqualTo("a c b");
        assertThat(pins.all().get(1).query()).isEqualTo("name=c");
    }

    @Test
    void a_chart_moves_by_one_and_stays_at_the_ends() throws RegistryException {
        assertThat(pins.move(id(0), 1)).isTrue();
        assertThat(titles()).isEqualTo("b a c");
        assertThat(pins.move(id(0), -1)).isTrue();
        assertThat(pins.move(id(2), 1)).isTrue();
        assertThat(titles()).isEqualTo("b a c");
        assertThat(pins.move(999, 1)).isFalse();
    }

    @Test
    void a_chart_is_taken_off() throws RegistryException {
        long second = id(1);
        assertThat(pins.remove(second)).isTrue();
        assertThat(pins.remove(second)).isFalse();
        assertThat(titles()).isEqualTo("a c");
    }

    @Test
    void the_same_chart_is_not_pinned_twice() {
        assertThatThrownBy(() -> pins.add("again", "name=b"))
                .isInstanceOf(RegistryException.class)
                .hasMessageContaining("already, as Chart b");
    }

    @Test
    void a_dashboard_has_an_end() throws RegistryException {
        for (int i = 3; i < Pins.MOST; i++) {
            pins.add("x", "name=" + i);
        }
        assertThatThrownBy(() -> pins.add("x", "name=more"))
                .hasMessageContaining("50 charts already");
    }

    @Test
    void a_title_is_needed() {
        assertThatThrownBy(() -> pins.add("  ", "name=d"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1 to 200 characters");
        assertThatThrownBy(() -> pins.add("d", "x".repeat(5000)))
                .hasMessageContaining("1 to 4000 characters");
    }
}
