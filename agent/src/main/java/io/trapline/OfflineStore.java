package io.trapline;

import io.trapline.journal.JournalException;
import io.trapline.journal.SqliteJournal;
import io.trapline.pipeline.BatchCodec;
import io.trapline.store.QueryException;
import io.trapline.store.QueryResult;
import io.trapline.store.Store;
import io.trapline.store.StoreSettings;
import io.trapline.store.host.HostedStore;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;

/// The store of a home on which no agent runs: opened for one query, as an agent would open it, so
/// that what the journal holds beyond it can be queried too.
public final class OfflineStore {
    private static final Duration CATCH_UP = Duration.ofMinutes(1);

    private OfflineStore() {}

    /// @throws HomeLock.HeldException when an agent is just starting or stopping on that home
    /// @throws QueryException as [Store#query], or when nothing was ever stored there
    public static QueryResult query(Home home, Program program, String sql)
            throws IOException,
                    HomeLock.HeldException,
                    JournalException,
                    QueryException,
                    InterruptedException {
        if (!Files.exists(home.data().resolve("trapline.db"))) {
            throw new QueryException(
                    "nothing is stored in "
                            + home.root()
                            + " yet; start the agent there with `trapline run`, or name another"
                            + " folder with --home");
        }
        Settings settings = usable(home);
        StoreSettings storeSettings =
                settings.store()
                        .orElseThrow(() ->
                                new QueryException(
                                        "this home keeps no store: [store] enabled =" + " false"));
        try (HomeLock _ = HomeLock.acquire(home);
                SqliteJournal journal =
                        SqliteJournal.open(
                                home.data().resolve("trapline.db"),
                                () -> settings.journal(),
                                BatchCodec::weigh);
                Store store =
                        HostedStore.open(
                                home.data(), () -> storeSettings, journal, program.storeHost())) {
            store.catchUp(CATCH_UP);
            return store.query(sql, Store.QUERY_TIMEOUT);
        }
    }

    static Settings usable(Home home) throws QueryException {
        return switch (Settings.load(home.root(), System.getenv())) {
            case Settings.Loaded.Usable(Settings settings, _) -> settings;
            case Settings.Loaded.Unusable _ ->
                    throw new QueryException(
                            "the configuration cannot be used; `trapline check-config` says why");
        };
    }
}
