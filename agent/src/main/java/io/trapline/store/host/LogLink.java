package io.trapline.store.host;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What the host logs becomes lines of the agent's log, under the same loggers' names.
final class LogLink extends AppenderBase<ILoggingEvent> {
    private final Consumer<Message> agent;

    private LogLink(Consumer<Message> agent) {
        this.agent = agent;
    }

    /// In the host: instead of everything that was set up before.
    static void install(Consumer<Message> agent) {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        LogLink link = new LogLink(agent);
        link.setContext(context);
        link.start();
        ch.qos.logback.classic.Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
        root.detachAndStopAllAppenders();
        root.addAppender(link);
        context.getLogger("io.trapline").setLevel(Level.INFO);
    }

    @Override
    protected void append(ILoggingEvent event) {
        String text =
                event.getThrowableProxy() == null
                        ? event.getFormattedMessage()
                        : event.getFormattedMessage()
                                + "\n"
                                + ThrowableProxyUtil.asString(event.getThrowableProxy()).strip();
        agent.accept(
                Message.of(
                        Message.Kind.LOG,
                        out -> {
                            out.writeByte(level(event.getLevel()));
                            out.writeUTF(event.getLoggerName());
                            out.write(text.getBytes(StandardCharsets.UTF_8));
                        }));
    }

    private static int level(Level level) {
        if (level.isGreaterOrEqual(Level.ERROR)) {
            return 3;
        }
        if (level.isGreaterOrEqual(Level.WARN)) {
            return 2;
        }
        return level.isGreaterOrEqual(Level.INFO) ? 1 : 0;
    }
}
