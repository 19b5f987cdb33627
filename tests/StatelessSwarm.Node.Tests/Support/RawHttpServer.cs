using System.Net;
using System.Net.Sockets;
using System.Text;

namespace StatelessSwarm.Node.Tests.Support;

/// <summary>
/// An HTTP/1.1 server of a few lines on a loopback port, one request per connection: a handler gets the path and the stream and writes
/// what it likes, well-formed or not.
/// </summary>
internal sealed class RawHttpServer : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly Func<string, Stream, CancellationToken, Task> _handler;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _clients = [];
    private readonly Task _accepting;
    private int _requests;

    public RawHttpServer(Func<string, Stream, CancellationToken, Task> handler, int port = 0)
    {
        _handler = handler;
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    public Uri Url => new($"http://127.0.0.1:{Port}/");

    public int Requests => Volatile.Read(ref _requests);

    /// <summary>A whole, well-formed answer.</summary>
    public static Task AnswerAsync(Stream stream, int code, ReadOnlyMemory<byte> body, CancellationToken cancellation) =>
        WriteAsync(
            stream,
            (byte[])[.. Encoding.ASCII.GetBytes($"HTTP/1.1 {code} X\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n"), .. body.Span],
            cancellation
        );

    public static async Task WriteAsync(Stream stream, ReadOnlyMemory<byte> bytes, CancellationToken cancellation) =>
        await stream.WriteAsync(bytes, cancellation);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
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
        catch (Exception fault) when (fault is OperationCanceledException or ObjectDisposedException or SocketException)
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
            var first = await reader.ReadLineAsync(_stop.Token);
            while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 })
                continue;
            if (first?.Split(' ') is [_, var path, _])
            {
                Interlocked.Increment(ref _requests);
                await _handler(path, stream, _stop.Token);
            }
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException)
        {
            // the client is gone, or we stop
        }
    }
}
