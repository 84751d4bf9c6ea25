package io.trapline.ingest.datakit;

import java.time.Instant;

/// What `/v1/ping` and the header `X-Datakit` say of this agent.
///
/// @param commit empty when it is not known
/// @param host the host's name
public record AgentInfo(String version, String commit, String host, Instant started) {}
