using System.Collections.Concurrent;
using System.Globalization;

namespace StatelessSwarm.Testing.Http;

/// <summary>
/// Files over HTTP with ranges and kept-alive connections, as a well-behaved server gives them, and a place for the test to have it
/// misbehave.
/// </summary>
public sealed class RangeFileServer : IAsyncDisposable
{
    private readonly Func<string, byte[]?> _files;
    private readonly ConcurrentQueue<RawHttpRequest> _requests = [];
    private readonly RawHttpServer _server;

    /// <summary>Starts it.</summary>
    /// <param name="files">The bytes of a path as it was asked for, or null.</param>
    /// <param name="port">Port; 0 for a free one.</param>
    public RangeFileServer(Func<string, byte[]?> files, int port = 0)
    {
        _files = files;
        _server = new RawHttpServer(port, AnswerAsync);
    }

    /// <summary>Does something else; false for "answer as usual".</summary>
    public Func<RawHttpRequest, Stream, CancellationToken, Task<bool>>? Misbehaviour { get; set; }

    /// <summary>Requests so far, in order.</summary>
    public IReadOnlyCollection<RawHttpRequest> Requests => _requests;

    /// <summary>Its base URL.</summary>
    public Uri Url => _server.Url;

    /// <summary>Where it listens.</summary>
    public int Port => _server.Port;

    /// <summary>The bytes of the file a request names.</summary>
    public byte[] FileOf(RawHttpRequest request) => _files(request.Path) ?? throw new FileNotFoundException(request.Path);

    /// <summary>Head of a 206 for the range that was asked for.</summary>
    public static string HeadOf(RawHttpRequest request, long fileLength)
    {
        var (first, last) = request.Range!.Value;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 206 X\r\nContent-Range: bytes {first}-{last}/{fileLength}\r\nContent-Length: {last - first + 1}\r\n\r\n"
        );
    }

    /// <summary>The bytes a request asks for.</summary>
    public ReadOnlyMemory<byte> BytesOf(RawHttpRequest request)
    {
        var (first, last) = request.Range!.Value;
        return FileOf(request).AsMemory((int)first..((int)last + 1));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task AnswerAsync(RawHttpRequest request, Stream stream, CancellationToken cancellation)
    {
        _requests.Enqueue(request);
        if (Misbehaviour is { } misbehaviour && await misbehaviour(request, stream, cancellation))
            return;
        if (_files(request.Path) is not { } file)
        {
            await RawHttpServer.AnswerAsync(stream, 404, default, cancellation);
        }
        else if (request.Range is null)
        {
            await RawHttpServer.AnswerAsync(stream, 200, file, cancellation);
        }
        else
        {
            request.IsKeptAlive = true;
            await RawHttpServer.WriteAsync(stream, HeadOf(request, file.Length), cancellation);
            await RawHttpServer.WriteAsync(stream, BytesOf(request), cancellation);
        }
    }
}
