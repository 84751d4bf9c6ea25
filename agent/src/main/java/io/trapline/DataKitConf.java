package io.trapline;

import io.trapline.config.AesKey;
import io.trapline.config.ConfTable;
import io.trapline.config.Problem.Severity;
import io.trapline.gitsync.GitSettings;
import io.trapline.ingest.HttpSettings;
import io.trapline.pipeline.PipelineSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/// `conf.d/datakit.conf`: what `trapline.conf` builds on. Keys that DataKit knows and Trapline does
/// not use are listed in one line.
///
/// @param host its `ENV_HOSTNAME` is in force
/// @param atListen reports an error where the file says where to listen
/// @param atLog warns where the file says where to log
record DataKitConf(
        HostIdentity host,
        HttpSettings http,
        Consumer<String> atListen,
        Consumer<String> atLog,
        PipelineSettings pipeline,
        LoggingSettings logging,
        GitSettings git) {

    static DataKitConf read(ConfTable file, HostIdentity machine) {
        List<String> unused =
                new ArrayList<>(
                        file.passOver(
                                "default_enabled_inputs",
                                "black_lists",
                                "white_lists",
                                "name",
                                "uuid",
                                "interval",
                                "output_file",
                                "http_server_addr",
                                "point_pool",
                                "enable_debug_fields",
                                "enable_pprof",
                                "pprof_listen",
                                "confds",
                                "dca",
                                "dk_upgrader",
                                "pipeline",
                                "log",
                                "log_level",
                                "gin_log",
                                "log_rotate",
                                "install_version",
                                "apm_inject",
                                "recorder",
                                "io_cache_count",
                                "dataway",
                                "operator",
                                "cgroup",
                                "resource_limit",
                                "disable_404page",
                                "protect_mode",
                                "enable_election",
                                "enable_election_tag",
                                "election_namespace",
                                "namespace",
                                "auto_update",
                                "tracer",
                                "ulimit",
                                "datakit_user",
                                "remote_job",
                                "hostname",
                                "sinks",
                                "hide_debug_trace"));
        HostIdentity host = host(file, machine);
        DataKitConf conf =
                new DataKitConf(
                        host,
                        http(file, unused),
                        atListen(file),
                        message -> file.section("logging").warn("log", message),
                        pipeline(file, host, unused),
                        LoggingSettings.readDataKit(
                                file.section("logging"), LoggingSettings.DEFAULT, unused),
                        GitSettings.read(file.section("git_repos"), GitSettings.DEFAULT));
        var _ = AesKey.read(file.section("crypto")); // its mistakes belong here
        file.done();
        if (!unused.isEmpty()) {
            file.problems()
                    .add(
                            Severity.INFO,
                            file.file(),
                            0,
                            "DataKit's keys that Trapline does not use: "
                                    + String.join(", ", unused.stream().sorted().toList()));
        }
        return conf;
    }

    private static HostIdentity host(ConfTable file, HostIdentity machine) {
        Map<String, String> environments = file.textTable("environments").orElse(Map.of());
        String name = environments.getOrDefault("ENV_HOSTNAME", "").strip();
        return name.isEmpty() ? machine : machine.named(name);
    }

    private static HttpSettings http(ConfTable file, List<String> unused) {
        HttpSettings base = HttpSettings.DEFAULT;
        var old = file.endpoint("http_listen");
        if (old.isPresent()) {
            base = base.listening(old.get());
        }
        return HttpSettings.readDataKit(file.section("http_api"), base, unused);
    }

    private static Consumer<String> atListen(ConfTable file) {
        return message -> {
            ConfTable api = file.section("http_api");
            if (api.has("listen")) {
                api.error("listen", message);
            } else {
                file.error("http_listen", message);
            }
        };
    }

    private static PipelineSettings pipeline(
            ConfTable file, HostIdentity host, List<String> unused) {
        Map<String, String> tags = new TreeMap<>(GlobalTags.read(file, "global_tags", host));
        tags.putAll(GlobalTags.read(file, "global_host_tags", host));
        tags.put("host", host.name());
        Map<String, String> old = GlobalTags.read(file, "global_env_tags", host);
        ConfTable election = file.section("election");
        unused.addAll(
                election.passOver(
                        "namespace", "enable_namespace_tag", "node_whitelist", "operator", "mode"));
        ConfTable io = file.section("io");
        unused.addAll(
                io.passOver(
                        "max_cache_count",
                        "flush_interval",
                        "flush_workers",
                        "feed_chan_size",
                        "global_blocking",
                        "filters",
                        "max_dynamic_cache_count",
                        "enable_cache",
                        "cache_all",
                        "cache_max_size_gb",
                        "cache_clean_interval"));
        PipelineSettings read = PipelineSettings.DEFAULT.withElection(election).withIo(io);
        Map<String, String> electionTags = new TreeMap<>(old);
        electionTags.putAll(GlobalTags.fillAll(read.electionTags(), host));
        return new PipelineSettings(tags, electionTags, read.electionEnabled(), read.correctTime());
    }
}
