/// Trapline: a host agent that runs Python collectors on schedule, and a durable push/trap core.
///
/// The map, in the order in which data flows:
///
/// - `cli`: the subcommands of `./trapline`; [io.trapline.Main] hands over to them.
/// - [io.trapline.Agent]: wires the parts, in start order, and stops them in reverse. Beside it:
///   `Core` (push and trap), `Routes` (what the agent's listener answers), `Reloading` (brings a
///   changed configuration into force), `AgentStatus`, `Health` (how all parts are doing),
///   `MachineLimits`.
/// - `config`: reads the files and reports all problems at once.
/// - `collector`: what to run and when; the run ledger.
/// - `bridge`: the only package that knows Python.
/// - `ingest`: HTTP adapters; `ingest.datakit` holds DataKit's pure parsers.
/// - `pipeline`: checks, global tags, the codec.
/// - `journal`: the durable log and its cursors.
/// - `registry`: push registrations and checks, and what was seen of them.
/// - `store`: the local database that people query.
/// - `forward`: one loop an output, from the journal to a receiver.
/// - `verify`: whether what was acknowledged stands where it should.
/// - `period`: what checks are sent, gathered by period.
/// - `net`: what listeners and clients share: addresses, binding, TLS.
/// - `web`: JSON and pages for people.
/// - `gitsync`: configuration and collectors from git.
/// - `reload`: watches files and calls for a reload.
/// - `health`: how each part is doing; loops that come back after a failure.
/// - `machine`: the limits that the system sets.
/// - `threads`: where native calls run that may wait.
/// - `telemetry`: the agent's own counters.
/// - `model`: what flows; depends on the JDK alone.
@NullMarked
package io.trapline;

import org.jspecify.annotations.NullMarked;
