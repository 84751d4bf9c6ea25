package io.trapline;

import io.trapline.bridge.PythonBridge;
import io.trapline.collector.InputSettings;
import io.trapline.collector.TryRun;
import io.trapline.config.ProblemReport;
import io.trapline.ingest.datakit.FileGlobalTagsStore;
import io.trapline.ingest.datakit.Reports;
import io.trapline.journal.Journal;
import io.trapline.journal.JournalException;
import io.trapline.journal.JournalReader;
import io.trapline.pipeline.GlobalTags;
import io.trapline.pipeline.Pipeline;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;

/// Runs the collectors of an input, a folder or a file once, aside from any running agent: nothing
/// is stored, and neither the agent's journal nor its workers are touched.
public final class TryOut {
    private TryOut() {}

    /// @param target an input's name, an entry as in `dirs`, or a path of a folder or file
    /// @param wanted the class names to run
    /// @throws NotFoundException when nothing of that name is there
    /// @param meanwhile is told what takes long, in a line
    public static TryRun.Result run(
            Home home,
            Program program,
            String target,
            Predicate<String> wanted,
            Consumer<String> meanwhile)
            throws IOException, InterruptedException, NotFoundException {
        HomeSafety.enter(home);
        Settings settings =
                switch (Settings.load(home.root(), System.getenv())) {
                    case Settings.Loaded.Usable(Settings usable, _) -> usable;
                    case Settings.Loaded.Unusable(var problems) ->
                            throw new NotFoundException(
                                    "the configuration cannot be used:\n"
                                            + String.join(
                                                    "\n",
                                                    ProblemReport.lines(home.root(), problems)));
                };
        InputSettings input = find(home, settings, target);
        InstantSource clock = InstantSource.system();
        GlobalTags globalTags =
                new GlobalTags(
                        settings.pipeline(),
                        settings.hostName(),
                        new FileGlobalTagsStore(home.data().resolve("global-tags.toml")).load());
        Pipeline pipeline =
                new Pipeline(
                        new NothingIsStored(),
                        globalTags,
                        () -> settings.pipeline().correctTime(),
                        clock);
        try (Caches caches = Caches.of(home);
                PythonBridge bridge =
                        new PythonBridge(
                                program.framework(),
                                program.java(),
                                program.hostClassPath(),
                                caches.folder())) {
            URI endpoint = URI.create(settings.http().listen().address(settings.http().port()));
            return new TryRun(
                            bridge,
                            new Reports(clock)::decode,
                            pipeline::finish,
                            System::nanoTime,
                            Agent.collectorSettings(home, () -> endpoint, () -> settings),
                            meanwhile)
                    .run(input, wanted);
        }
    }

    /// An input of that name as it is configured; else a folder or file with the `cmd` and `envs`
    /// of the input that names it, or else with the defaults.
    private static InputSettings find(Home home, Settings settings, String target)
            throws NotFoundException {
        for (InputSettings input : settings.inputs()) {
            if (input.name().equals(target)) {
                return input;
            }
        }
        Path here = Path.of(target).toAbsolutePath().normalize();
        Path below = home.python().resolve(target).normalize();
        Path inHome = home.root().resolve(target).normalize();
        if (!Files.exists(below) && Files.exists(inHome)) {
            below = inHome; // python.d/mine/queue.py, as the shell completes it there
        }
        if (!Files.exists(below) && !Files.exists(here)) {
            throw new NotFoundException(
                    "there is no input, no folder and no file of the name "
                            + target
                            + "; looked at the inputs "
                            + settings.inputs().stream().map(InputSettings::name).toList()
                            + ", "
                            + below
                            + ", "
                            + inHome
                            + " and "
                            + here);
        }
        Path found = Files.exists(below) ? below : here;
        String entry =
                found.startsWith(home.python()) ? below(home.python(), found) : found.toString();
        Optional<InputSettings> owner =
                settings.inputs().stream()
                        .filter(input ->
                                input.dirs().stream()
                                        .map(home.python()::resolve)
                                        .anyMatch(found::startsWith))
                        .findFirst();
        return new InputSettings(
                owner.map(InputSettings::name).orElse("try"),
                owner.flatMap(InputSettings::cmd),
                List.of(entry),
                owner.map(InputSettings::envs).orElse(Map.of()),
                owner.map(InputSettings::tags).orElse(Map.of()),
                owner.flatMap(InputSettings::timeout),
                Optional.empty(),
                true,
                home.conf(),
                0);
    }

    private static String below(Path folder, Path found) {
        return found.equals(folder) ? "." : folder.relativize(found).toString();
    }

    /// What to try was not found, or cannot be tried; the message says what was looked at.
    public static final class NotFoundException extends Exception {
        private static final long serialVersionUID = 1L;

        NotFoundException(String message) {
            super(message);
        }
    }

    /// Where the embedded Python unpacks what it needs.
    ///
    /// @param temporary whether it goes with the try: who tries a script need not be the user of
    ///   the agent, whose folder it is
    private record Caches(Path folder, boolean temporary) implements AutoCloseable {
        static Caches of(Home home) throws IOException {
            Path own = home.data().resolve("python");
            Path there = own;
            while (!Files.exists(there) && there.getParent() != null) {
                there = there.getParent();
            }
            return Files.isDirectory(there) && Files.isWritable(there)
                    ? new Caches(own, false)
                    : new Caches(Files.createTempDirectory("trapline-try-"), true);
        }

        @Override
        public void close() throws IOException {
            if (temporary) {
                try (Stream<Path> all = Files.walk(folder)) {
                    for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                        Files.delete(each);
                    }
                }
            }
        }
    }

    private static final class NothingIsStored implements Journal {
        @Override
        public long append(byte[] frame) throws JournalException {
            throw new JournalException("a try stores nothing");
        }

        @Override
        public int appendOnce(List<Arrival> arrivals) throws JournalException {
            throw new JournalException("a try stores nothing");
        }

        @Override
        public JournalReader reader(String name) throws JournalException {
            throw new JournalException("a try has nothing to read");
        }

        @Override
        public void removeReader(String name) {}

        @Override
        public JournalStatus status() {
            return new JournalStatus(0, 1, 0, 1, 0, 0, List.of());
        }

        @Override
        public void close() {}
    }
}
