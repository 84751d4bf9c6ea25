package io.trapline.collector;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What an input tells people: in the agent's log, where all of it is under the name of
/// [InputRunner]; in the input's own log, `logs/<input>.log`; and in upstream's, in the home
/// directory, which upstream's users look into.
///
/// Any thread may call any method.
final class Voice {
    private static final Logger LOG = LoggerFactory.getLogger(InputRunner.class);

    private final String input;
    private final OutputLog log;
    private final Machine machine;

    Voice(String input, OutputLog log, Machine machine) {
        this.input = input;
        this.log = log;
        this.machine = machine;
    }

    /// In all three places.
    void problem(String text) {
        warn(text);
        note("", text);
        userLine(text);
    }

    void info(String text) {
        LOG.info("input {}: {}", input, text);
    }

    void warn(String text) {
        LOG.warn("input {}: {}", input, text);
    }

    void error(String text) {
        LOG.error("input {}: {}", input, text);
    }

    /// In the input's own log.
    ///
    /// @param collector empty = the input as a whole
    void note(String collector, String text) {
        log.note(collector, text);
    }

    /// In upstream's log.
    void userLine(String text) {
        if (machine.settings().userFiles().getAsBoolean()) {
            machine.userLog()
                    .write(machine.wall().instant() + " input " + input + ": " + text + "\n");
        }
    }
}
