package io.trapline;

import io.trapline.forward.ForwardException;
import io.trapline.forward.Outputs;
import io.trapline.journal.JournalException;
import io.trapline.journal.SqliteJournal;
import io.trapline.pipeline.BatchCodec;
import io.trapline.store.QueryException;
import io.trapline.store.Store;
import io.trapline.store.StoreSettings;
import io.trapline.store.host.HostedStore;
import io.trapline.verify.Report;
import io.trapline.verify.Verification;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/// The conservation check of a home on which no agent runs. The journal and the store are opened as
/// an agent would open them, so that the store takes what the journal still has for it; outputs
/// send nothing.
public final class OfflineVerification {
    private static final Duration CATCH_UP = Duration.ofMinutes(1);

    private OfflineVerification() {}

    /// @return the report, as `/api/verify` answers it
    /// @throws HomeLock.HeldException when an agent is just starting or stopping on that home
    /// @throws QueryException when the store cannot be asked, or there is nothing to check
    public static Map<String, Object> of(Home home, Program program, Optional<Instant> since)
            throws IOException,
                    HomeLock.HeldException,
                    JournalException,
                    ForwardException,
                    QueryException,
                    InterruptedException {
        Path data = home.data();
        Path file = data.resolve("trapline.db");
        if (!Files.exists(file)) {
            throw new QueryException(
                    "there is no journal in "
                            + data
                            + ", so there is nothing to check; name another folder with --home");
        }
        Settings settings = OfflineStore.usable(home);
        try (HomeLock _ = HomeLock.acquire(home);
                SqliteJournal journal =
                        SqliteJournal.open(file, () -> settings.journal(), BatchCodec::weigh)) {
            try (Outputs outputs = outputs(data, journal)) {
                return check(data, settings, program, journal, outputs, since).toMap();
            }
        }
    }

    private static Outputs outputs(Path data, SqliteJournal journal) throws ForwardException {
        return Outputs.open(
                data,
                journal,
                new Outputs.Surroundings(
                        InstantSource.system(), System::nanoTime, RandomGenerator.getDefault()));
    }

    private static Report check(
            Path data,
            Settings settings,
            Program program,
            SqliteJournal journal,
            Outputs outputs,
            Optional<Instant> since)
            throws JournalException, ForwardException, QueryException, InterruptedException {
        if (settings.store().isEmpty()) {
            return new Verification(journal, Optional.empty(), outputs, since).run();
        }
        StoreSettings storeSettings = settings.store().get();
        try (Store store =
                HostedStore.open(data, () -> storeSettings, journal, program.storeHost())) {
            boolean _ = store.catchUp(CATCH_UP);
            return new Verification(journal, Optional.of(store), outputs, since).run();
        }
    }
}
