using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using StatelessSwarm.Swarm.Connections;
using StatelessSwarm.Swarm.Hosting;

namespace StatelessSwarm.Swarm.Tests.Connections;

/// <summary>HTTP on the port for peers: what is asked rightly is answered, everything else ends the connection within bounds.</summary>
public sealed class SmallFileServerTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static Task<SwarmHost> StartAsync(Func<string, byte[]?>? files) =>
        SwarmHost.StartAsync(
            new SwarmOptions { ListenAddresses = [IPAddress.Loopback], Port = 0, FileAt = files, HandshakeTimeout = TimeSpan.FromSeconds(1) },
            TimeProvider.System,
            NullLoggerFactory.Instance,
            Cancellation
        );

    private static async Task<string> AskAsync(SwarmHost host, string request)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, host.Port, Cancellation);
        await socket.SendAsync(Encoding.Latin1.GetBytes(request), Cancellation);
        var answer = new MemoryStream();
        var buffer = new byte[4096];
        try
        {
            for (int count; (count = await socket.ReceiveAsync(buffer, Cancellation)) > 0; )
                answer.Write(buffer, 0, count);
        }
        catch (SocketException)
        {
            // cut off is an answer too
        }
        return Encoding.Latin1.GetString(answer.ToArray());
    }

    [Fact]
    public async Task Get_FileThatIsThere_IsGiven()
    {
        var large = new byte[3 << 20];
        new Random(1).NextBytes(large);
        await using var host = await StartAsync(path => path switch { "a/b.mp" => "hello"u8.ToArray(), "large" => large, "empty" => Array.Empty<byte>(), _ => null });
        using var client = new HttpClient();
        Assert.Equal("hello", await client.GetStringAsync(new Uri($"http://127.0.0.1:{host.Port}/a/b.mp"), Cancellation));
        Assert.Equal(large, await client.GetByteArrayAsync(new Uri($"http://127.0.0.1:{host.Port}/large"), Cancellation));
        Assert.Empty(await client.GetByteArrayAsync(new Uri($"http://127.0.0.1:{host.Port}/empty"), Cancellation));
        using var none = await client.GetAsync(new Uri($"http://127.0.0.1:{host.Port}/other"), Cancellation);
        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
    }

    [Theory]
    [InlineData("GET /a HTTP/1.1\r\nHost: xxxxxxxx\r\n\r\n", "HTTP/1.1 200 OK")]
    [InlineData("GET /%61 HTTP/1.1\r\nHost: xxxxxx\r\n\r\n", "HTTP/1.1 400")]
    [InlineData("GET /a?x=1 HTTP/1.1\r\nHost: xxxx\r\n\r\n", "HTTP/1.1 400")]
    [InlineData("GET /a\u00e4 HTTP/1.1\r\nHost: xxxxxx\r\n\r\n", "HTTP/1.1 400")]
    [InlineData("GET /a\r\nHost: xxxxxxxxxxxxxx\r\n\r\n", "HTTP/1.1 400")]
    [InlineData("GET /a GOPHER/1.1\r\nHost: xxxx\r\n\r\n", "HTTP/1.1 400")]
    [InlineData("GET / HTTP/1.1\r\nHost: xxxxxxxxx\r\n\r\n", "HTTP/1.1 404")]
    [InlineData("GET /a HTTP/1.1\r\nHost: never ends", "")]
    [InlineData("POST /a HTTP/1.1\r\nHost: xxxxxxx\r\n\r\n", "")]
    public async Task Request_OfAnyShape_IsAnsweredOrCutOff(string request, string expected)
    {
        await using var host = await StartAsync(path => path == "a" ? "x"u8.ToArray() : null);
        var answer = await AskAsync(host, request);
        Assert.True(expected.Length == 0 ? answer.Length == 0 : answer.StartsWith(expected, StringComparison.Ordinal), answer);
    }

    [Fact]
    public async Task Request_WithAnEndlessHead_IsRefusedAfterItsBound()
    {
        await using var host = await StartAsync(_ => "x"u8.ToArray());
        Assert.StartsWith("HTTP/1.1 431", await AskAsync(host, "GET /a HTTP/1.1\r\n" + new string('x', SmallFileServer.MaxHeadBytes - "GET /a HTTP/1.1\r\n".Length)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_HostThatServesNoFiles_IsCutOff()
    {
        await using var host = await StartAsync(null);
        Assert.Equal("", await AskAsync(host, "GET /a HTTP/1.1\r\nHost: xxxxxxxx\r\n\r\n"));
    }
}
