using System.Buffers;
using System.Net.Http.Headers;

namespace StatelessSwarm.Swarm.WebSeeds;

/// <summary>
/// Reads a stretch of the piece space from a web seed, front to back: one range request per file in it, pad bytes made up.
/// </summary>
/// <param name="client">Sends the requests.</param>
/// <param name="files">Where the bytes are.</param>
/// <param name="position">First byte in the piece space.</param>
/// <param name="end">Byte after the last.</param>
/// <param name="time">Clock.</param>
/// <param name="redirects">Where earlier requests were sent to.</param>
/// <param name="mayFollow">Whether a redirect to another host may be followed: one that is near must not lead beyond the WAN link.</param>
internal sealed class RangeReader(
    HttpMessageInvoker client,
    WebSeedFiles files,
    long position,
    long end,
    TimeProvider time,
    RedirectMemory redirects,
    Func<Uri, CancellationToken, ValueTask<bool>> mayFollow
) : IAsyncDisposable
{
    /// <summary>No byte for so long, and the server counts as gone: 10 s.</summary>
    public static readonly TimeSpan NoByteTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Redirects followed per request.</summary>
    public const int MaxRedirects = 5;

    private const int SkipBufferSize = 16 * 1024;

    private long _position = position;
    private HttpResponseMessage? _response;
    private Stream? _body;
    private long _left;
    private bool _isPad;
    private bool _isExact;

    /// <summary>Fills the buffer with the next bytes; a fault when the server does not give them.</summary>
    /// <exception cref="IOException">The connection broke.</exception>
    /// <exception cref="HttpRequestException">The server cannot be reached, or does not speak HTTP.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async ValueTask<WebSeedFault?> FillAsync(Memory<byte> target, CancellationTokenSource limit, CancellationToken cancellation)
    {
        while (target.Length > 0)
        {
            if (_left == 0 && await StartSegmentAsync(limit, cancellation) is { } refused)
                return refused;
            var wanted = target[..(int)Math.Min(target.Length, _left)];
            int read;
            if (_isPad)
            {
                wanted.Span.Clear();
                read = wanted.Length;
            }
            else
            {
                limit.CancelAfter(NoByteTimeout);
                read = await _body!.ReadAsync(wanted, cancellation);
                if (read == 0)
                    return new WebSeedFault($"its reply ended {_left} bytes too early", false);
            }
            target = target[read..];
            _position += read;
            _left -= read;
            if (_left == 0 && await EndSegmentAsync(limit, cancellation) is { } surplus)
                return surplus;
        }
        return null;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_body is not null)
            await _body.DisposeAsync();
        _response?.Dispose();
        _body = null;
        _response = null;
    }

    private async ValueTask<WebSeedFault?> StartSegmentAsync(CancellationTokenSource limit, CancellationToken cancellation)
    {
        var segment = files.SegmentAt(_position, end);
        _left = segment.Length;
        _isPad = segment.IsPad;
        if (_isPad)
            return null;
        var named = files.UrlOf(segment.FileIndex);
        var url = redirects.Find(named);
        for (var hops = 0; ; hops++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            request.Headers.Range = new RangeHeaderValue(segment.Offset, segment.Offset + segment.Length - 1);
            request.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");
            request.Headers.TryAddWithoutValidation("User-Agent", "StatelessSwarm/0.1");
            limit.CancelAfter(NoByteTimeout);
            _response = await client.SendAsync(request, cancellation);
            if (hops == 0 && url != named && !_response.IsSuccessStatusCode)
            {
                // What it was sent to last time serves no more: from the start.
                redirects.Forget(named);
                _response.Dispose();
                url = named;
                continue;
            }
            if (!RangeReply.IsRedirect(_response.StatusCode))
                break;
            if (hops == MaxRedirects)
                return new WebSeedFault($"it redirects more than {MaxRedirects} times", true);
            if (RangeReply.TargetOf(_response, url) is not { } target)
                return new WebSeedFault($"it redirects to {_response.Headers.Location}, where we do not follow", true);
            if (target.Host != url.Host && !await mayFollow(target, cancellation))
                return new WebSeedFault($"it redirects to {target.Host}, beyond the WAN link", true) { IsFar = true };
            _response.Dispose();
            url = target;
        }
        if (url != named)
            redirects.Add(named, url);
        var fileLength = files.LengthOf(segment.FileIndex);
        var fault = RangeReply.Check(_response, segment.Offset, segment.Length, fileLength, time.GetUtcNow(), out var skip);
        if (fault is not null)
            return fault;
        _isExact = _response.StatusCode == System.Net.HttpStatusCode.PartialContent;
        _body = await _response.Content.ReadAsStreamAsync(cancellation);
        return skip == 0 ? null : await SkipAsync(skip, limit, cancellation);
    }

    private async ValueTask<WebSeedFault?> SkipAsync(long bytes, CancellationTokenSource limit, CancellationToken cancellation)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(SkipBufferSize);
        try
        {
            while (bytes > 0)
            {
                limit.CancelAfter(NoByteTimeout);
                var read = await _body!.ReadAsync(buffer.AsMemory(0, (int)Math.Min(bytes, buffer.Length)), cancellation);
                if (read == 0)
                    return new WebSeedFault($"its reply ended {bytes} bytes before the wanted ones", false);
                bytes -= read;
            }
            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Reads the end of the body, which also frees its connection for the next range.</summary>
    private async ValueTask<WebSeedFault?> EndSegmentAsync(CancellationTokenSource limit, CancellationToken cancellation)
    {
        if (!_isPad && _isExact)
        {
            limit.CancelAfter(NoByteTimeout);
            if (await _body!.ReadAsync(new byte[1], cancellation) > 0)
                return new WebSeedFault("it sends more than the range it was asked for", true);
        }
        await DisposeAsync();
        return null;
    }
}
