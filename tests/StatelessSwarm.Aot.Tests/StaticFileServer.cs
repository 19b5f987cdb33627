using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace StatelessSwarm.Aot.Tests;

/// <summary>The plainest web server there is: GET of files below a directory, one answer per connection. A repository needs no more.</summary>
internal sealed class StaticFileServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly string _directory;
    private readonly Task _loop;

    public StaticFileServer(string directory)
    {
        _directory = directory;
        _listener.Start();
        Address = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");
        _loop = ServeAsync();
    }

    public string Address { get; }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _loop;
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            try
            {
                using var socket = await _listener.AcceptSocketAsync();
                await AnswerAsync(socket);
            }
            catch (Exception fault) when (fault is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }
        }
    }

    private async Task AnswerAsync(Socket socket)
    {
        var buffer = new byte[16 * 1024];
        var head = "";
        while (!head.Contains("\r\n\r\n", StringComparison.Ordinal))
        {
            var received = await socket.ReceiveAsync(buffer);
            if (received == 0)
                return;
            head += Encoding.ASCII.GetString(buffer, 0, received);
        }
        var path = Path.Combine(_directory, head.Split(' ')[1].TrimStart('/'));
        var isThere = File.Exists(path);
        var body = isThere ? await File.ReadAllBytesAsync(path) : [];
        var status = isThere ? "200 OK" : "404 Not Found";
        await socket.SendAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n"));
        await socket.SendAsync(body);
    }
}
