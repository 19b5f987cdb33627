using System.Net;
using System.Net.Sockets;
using System.Text;

namespace StatelessSwarm.Testing.Http;

/// <summary>
/// An HTTP/1.1 server of a few lines on a loopback port: a handler gets the request and the stream and writes what it likes, well-formed
/// or not. A connection serves one request, unless the handler says that it may serve another.
/// </summary>
public sealed class RawHttpServer : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly Func<RawHttpRequest, Stream, CancellationToken, Task> _handler;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _clients = [];
    private readonly Task _accepting;
    private int _requests;

    /// <summary>Starts one whose handler wants the path only.</summary>
    public RawHttpServer(Func<string, Stream, CancellationToken, Task> handler, int port = 0)
        : this(port, (request, stream, cancellation) => handler(request.Path, stream, cancellation)) { }

    /// <summary>Starts one.</summary>
    public RawHttpServer(int port, Func<RawHttpRequest, Stream, CancellationToken, Task> handler)
    {
        _handler = handler;
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    /// <summary>Where it listens.</summary>
    public int Port { get; }

    /// <summary>Its base URL.</summary>
    public Uri Url => new($"http://127.0.0.1:{Port}/");

    /// <summary>Requests so far.</summary>
    public int Requests => Volatile.Read(ref _requests);

    /// <summary>A whole, well-formed answer.</summary>
    public static Task AnswerAsync(Stream stream, int code, ReadOnlyMemory<byte> body, CancellationToken cancellation) =>
        WriteAsync(
            stream,
            (byte[])[.. Encoding.ASCII.GetBytes($"HTTP/1.1 {code} X\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n"), .. body.Span],
            cancellation
        );

    /// <summary>Any bytes.</summary>
    public static async Task WriteAsync(Stream stream, ReadOnlyMemory<byte> bytes, CancellationToken cancellation) =>
        await stream.WriteAsync(bytes, cancellation);

    /// <summary>Text, in ASCII.</summary>
    public static Task WriteAsync(Stream stream, string text, CancellationToken cancellation) =>
        WriteAsync(stream, Encoding.ASCII.GetBytes(text), cancellation);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting; // before the listener goes: to accept on a stopped one is a bug's exception
        _listener.Dispose();
        await Task.WhenAll(_clients);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _clients.Add(ServeAsync(await _listener.AcceptSocketAsync(_stop.Token)));
        }
        catch (Exception fault) when (fault is OperationCanceledException or SocketException)
        {
            // stopped
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        try
        {
            using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
            while (await ReadAsync(reader) is { } request)
            {
                Interlocked.Increment(ref _requests);
                await _handler(request, stream, _stop.Token);
                if (!request.IsKeptAlive)
                    return;
            }
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException)
        {
            // the client is gone, or we stop
        }
    }

    private async Task<RawHttpRequest?> ReadAsync(StreamReader reader)
    {
        var first = await reader.ReadLineAsync(_stop.Token);
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 } line)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0)
                headers[line[..colon]] = line[(colon + 1)..].Trim();
        }
        return first?.Split(' ') is [_, var path, _] ? new RawHttpRequest(path, headers) : null;
    }
}
