/// BlueKing's custom report, `POST /v2/push/`. Source: `contracts/bkpush.md`.
///
/// Front doors: [io.trapline.ingest.push.PushDecoder], which knows nothing of HTTP, and
/// [io.trapline.ingest.push.PushHandler], which knows little else.
@NullMarked
package io.trapline.ingest.push;

import org.jspecify.annotations.NullMarked;
