/// The only package that knows Python: worker processes, their protocol, the GraalPy host.
///
/// Front door: [io.trapline.bridge.Bridge]; [io.trapline.bridge.PythonBridge] is its
/// implementation.
///
/// ## Processes
///
/// An **external** worker is a process of the input's own executable. All **embedded** inputs live
/// in one *host* JVM ([io.trapline.bridge.GraalHost]), one context each, or in a host of their own.
/// Each process leads its own session and process group, which is what gets killed, and ends by
/// itself when its standard input ends.
///
/// ## Protocol
///
/// Frames on the process's standard input and output: `length (u32) | kind (u8) | worker (u32) |
/// number (i64) | payload`, big-endian; `length` counts what follows it, `worker` tells the inputs
/// of one host apart (0 in an external worker). Texts are UTF-8.
///
/// `length` is at most 64 MiB. What a worker sends is read as it arrives, within one
/// [io.trapline.bridge.FrameBudget] for all workers; what is no frame of a worker ends it.
///
/// A host has 32 bytes more on its standard input before the first frame, the host secret, and in
/// both directions a seal of 24 bytes between `number` and `payload` ([io.trapline.bridge.Seal]): a
/// frame of a host counts only for the input whose secret it was sealed with, and one to it only
/// when the agent sealed it. Its OPEN begins with the number of processes that the input may have
/// (i32).
///
/// | to the worker | number | payload |
/// | --- | --- | --- |
/// | OPEN | | JSON `{"input","host","port","umask","open_files","environment":{},"modules":[{"name","file","root"}]}` |
/// | START | run | collector id |
/// | INTERRUPT | run | |
/// | REPLY | of the report | status (u16), body |
/// | CLOSE | | |
///
/// | from the worker | number | payload |
/// | --- | --- | --- |
/// | LOADED | | JSON `{"collectors":[{"id","class","module","file","interval","warning"}],"problems":[{"module","file","class","error"}]}` |
/// | REPORT | chosen by the worker | run (i64), length of the collector id (u16), collector id, request |
/// | OUTPUT | | stream (u8: 0 stdout, 1 stderr, 2 log), length of the collector id (u16), collector id, line |
/// | FINISHED | run | `returned`, `raised`, `exited`, `interrupted` or `disturbed`, a line feed, traceback |
/// | DYING | | collector id, a line feed, what it did: the worker ends next |
/// | CLOSED | | the exit handlers ran |
/// | STARTED | run | `run()` is about to be called |
/// | LOADING | | what is loaded next, for people |
@NullMarked
package io.trapline.bridge;

import org.jspecify.annotations.NullMarked;
