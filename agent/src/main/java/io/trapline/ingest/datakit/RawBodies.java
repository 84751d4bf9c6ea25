package io.trapline.ingest.datakit;

import io.helidon.http.Headers;
import io.helidon.http.encoding.ContentDecoder;
import io.helidon.http.encoding.ContentEncoder;
import io.helidon.http.encoding.ContentEncodingContext;
import io.helidon.http.encoding.ContentEncodingContextConfig;

/// Request bodies reach the handlers as they were sent, whatever `Content-Encoding` says: the
/// server refuses encodings that it does not know before any handler runs, and decodes the others
/// without a limit. Answers are not encoded either.
final class RawBodies implements ContentEncodingContext {
    private final ContentEncodingContext none =
            ContentEncodingContext.builder().contentEncodingsDiscoverServices(false).build();

    @Override
    public ContentEncodingContextConfig prototype() {
        return none.prototype();
    }

    @Override
    public boolean contentEncodingEnabled() {
        return none.contentEncodingEnabled();
    }

    @Override
    public boolean contentDecodingEnabled() {
        return true;
    }

    @Override
    public boolean contentEncodingSupported(String encoding) {
        return none.contentEncodingSupported(encoding);
    }

    @Override
    public boolean contentDecodingSupported(String encoding) {
        return true;
    }

    @Override
    public ContentEncoder encoder(String encoding) {
        return none.encoder(encoding);
    }

    @Override
    public ContentDecoder decoder(String encoding) {
        return ContentDecoder.NO_OP;
    }

    @Override
    public ContentEncoder encoder(Headers headers) {
        return none.encoder(headers);
    }
}
