package io.trapline.web;

import io.trapline.forward.AsideItem;
import io.trapline.forward.ForwardException;
import io.trapline.forward.OutputStatus;
import io.trapline.forward.Outputs;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What people may ask of outputs and tell them, whether by the API or by a page.
public final class OutputsCalls {
    private final Outputs outputs;

    public OutputsCalls(Outputs outputs) {
        this.outputs = outputs;
    }

    /// How a command ended.
    public sealed interface Outcome {
        /// @param state as [OutputStatus] has it
        record State(String state) implements Outcome {}

        /// @param items how many are sent again, or were dropped
        record Items(int items) implements Outcome {}

        /// @param status as in HTTP
        record Refused(int status, String message) implements Outcome {}
    }

    public List<OutputStatus> all() throws ForwardException {
        return outputs.status();
    }

    public Optional<OutputStatus> find(String name) throws ForwardException {
        return all().stream().filter(one -> one.name().equals(name)).findFirst();
    }

    /// Since when outputs cannot deliver, by name; those that can are not in it.
    public Map<String, Instant> failingSince() {
        return outputs.failingSince();
    }

    /// What was set aside, the oldest first.
    public List<AsideItem> aside(String name, int limit) throws ForwardException {
        return outputs.aside(name, limit);
    }

    /// @param command `pause`, `resume`, `resend` or `drop`
    /// @param ids of what was set aside, for the latter two; empty = all
    public Outcome command(String name, String command, List<Long> ids) throws ForwardException {
        if (find(name).isEmpty()) {
            return new Outcome.Refused(404, "there is no output " + name);
        }
        return switch (command) {
            case "pause" -> state(name, outputs.pause(name));
            case "resume" -> state(name, outputs.resume(name));
            case "resend" ->
                    outputs.resend(name, ids)
                            .<Outcome>map(Outcome.Items::new)
                            .orElseGet(() -> gone(name));
            case "drop" -> new Outcome.Items(outputs.drop(name, ids));
            default -> new Outcome.Refused(404, "accepted here are pause, resume, resend and drop");
        };
    }

    private Outcome state(String name, boolean known) throws ForwardException {
        return known
                ? new Outcome.State(find(name).map(OutputStatus::state).orElse("gone"))
                : gone(name);
    }

    private static Outcome gone(String name) {
        return new Outcome.Refused(
                409,
                "output "
                        + name
                        + " is not configured any more; what it set aside can only be dropped");
    }
}
