package io.trapline.ingest.trap;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.ingest.push.RegisteredPushes;
import io.trapline.registry.Check;
import io.trapline.registry.PushRegistration;
import io.trapline.registry.PushType;
import io.trapline.registry.Registry;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RegisteredChecksTest {
    private static final UUID ID = UUID.fromString("a9856a6a-3b46-e18b-d890-acafaa955348");

    private Registry registry;

    @BeforeEach
    void open(@TempDir Path folder) throws Exception {
        registry =
                Registry.open(folder.resolve("trapline.db"), InstantSource.system(), Duration.ZERO);
    }

    @AfterEach
    void close() throws Exception {
        registry.close();
    }

    @Test
    void a_check_is_the_same_object_until_it_changes_and_gone_when_it_is_removed()
            throws Exception {
        RegisteredChecks checks = new RegisteredChecks(registry);
        assertThat(checks.find(ID)).isEmpty();
        registry.addCheck(new Check(ID, "s", "web01", "10.0.0.1"));
        TrapCheck first = checks.find(ID).orElseThrow();
        assertThat(first.secret()).isEqualTo("s");
        assertThat(first.filters()).isEmpty();
        registry.addCheck(new Check(new UUID(1, 2), "t", "", ""));
        assertThat(checks.find(ID).orElseThrow()).isSameAs(first);
        registry.select(ID, List.of(), List.of("tmp"));
        assertThat(checks.find(ID).orElseThrow().filters().orElseThrow())
                .extracting(TrapRule::action)
                .containsExactly(new TrapRule.Action.Deny(), new TrapRule.Action.Allow());
        registry.removeCheck(ID);
        assertThat(checks.find(ID)).isEmpty();
    }

    /// What `trapline trap metrics --select` and `--deselect` promise, by the real filters.
    @Test
    void metrics_are_selected_and_deselected_as_the_rules_are_read() throws Exception {
        registry.addCheck(new Check(ID, "s", "", ""));
        assertThat(stored("cpu", "mem", "cpu|ST[a:b]"))
                .containsExactly("cpu", "mem", "cpu|ST[a:b]");
        registry.select(ID, List.of(), List.of("cpu"));
        assertThat(stored("cpu", "mem", "cpu|ST[a:b]")).containsExactly("mem");
        registry.select(ID, List.of("cpu|ST[a:b]"), List.of());
        assertThat(stored("cpu", "mem", "cpu|ST[a:b]")).containsExactly("mem", "cpu|ST[a:b]");
        registry.select(ID, List.of("cpu"), List.of("mem"));
        assertThat(stored("cpu", "mem", "cpu|ST[a:b]")).containsExactly("cpu", "cpu|ST[a:b]");
        registry.selectOnly(ID, List.of("mem"));
        assertThat(stored("cpu", "mem", "cpu|ST[a:b]")).containsExactly("mem");
    }

    private List<String> stored(String... streams) throws Exception {
        FilterSet filters = new FilterSet(new RegisteredChecks(registry).find(ID).orElseThrow());
        List<String> stored = new ArrayList<>();
        for (String stream : streams) {
            if (filters.judge(TaggedName.parse(stream, List.of()), 0).accepted()) {
                stored.add(stream);
            }
        }
        return stored;
    }

    @Test
    void a_push_registration_is_found_with_its_token_and_its_switch() throws Exception {
        RegisteredPushes pushes = new RegisteredPushes(registry);
        assertThat(pushes.find(7)).isEmpty();
        registry.addPush(
                OptionalLong.of(7), id -> new PushRegistration(id, "token", PushType.EVENT));
        assertThat(pushes.find(7).orElseThrow().token()).isEqualTo("token");
        assertThat(pushes.find(7).orElseThrow().type()).isEqualTo("event");
        registry.enablePush(7, false);
        assertThat(pushes.find(7).orElseThrow().enabled()).isFalse();
    }
}
