using System.Net;
using System.Net.Sockets;
using StatelessSwarm.Seed.Access;
using StatelessSwarm.Seed.Tests.Hosting;

namespace StatelessSwarm.Seed.Tests.Access;

/// <summary>What one client may take.</summary>
public sealed class ClientLimitTests
{
    private static readonly byte[] Request = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("10.0.0.1", "10.0.0.1")]
    [InlineData("::ffff:10.0.0.1", "10.0.0.1")]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::")]
    public void HostOf_Address_IsWhatOneHostOwns(string address, string host) =>
        Assert.Equal(IPAddress.Parse(host), ClientAddress.HostOf(IPAddress.Parse(address)));

    [Fact]
    public async Task Requests_BeyondTheRate_GetRetryAfter()
    {
        await using var server = await TestServer.StartAsync(options => options with { Clients = new ClientLimits { RequestBurst = 3, RequestsPerSecond = 1 } });
        var answers = new List<HttpResponseMessage>();
        for (var i = 0; i < 6; i++)
            answers.Add(await server.Http.GetAsync(TestServer.ReleaseFile, Cancellation));
        Assert.Equal(HttpStatusCode.OK, answers[0].StatusCode);
        var refused = answers.First(answer => answer.StatusCode != HttpStatusCode.OK);
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.NotNull(refused.Headers.RetryAfter);
    }

    [Fact]
    public async Task Connections_BeyondTheShare_AreClosedAndOthersServed()
    {
        await using var server = await TestServer.StartAsync(options => options with { Clients = new ClientLimits { Connections = 4 } });
        var clients = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 4; i++)
            {
                // answered, and so counted: what the kernel has taken the server may not have seen
                clients.Add(await ConnectAsync(server.Seed.HttpPort));
                await clients[^1].GetStream().WriteAsync(Request, Cancellation);
                Assert.NotEqual(0, await ReadAsync(clients[^1]));
            }
            Assert.Equal(0, await TryAskAsync(server.Seed.HttpPort));
            // one leaves, and there is room again
            clients[0].Dispose();
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);
            while (await TryAskAsync(server.Seed.HttpPort) == 0)
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, limit.Token);
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }

    [Fact]
    public void TryEnter_EachHost_HasItsOwnShare()
    {
        var limiter = new ConnectionLimiter(2);
        var (one, other) = (IPAddress.Parse("10.0.0.1"), IPAddress.Parse("10.0.0.2"));
        Assert.True(limiter.TryEnter(one));
        Assert.True(limiter.TryEnter(one));
        Assert.False(limiter.TryEnter(one));
        Assert.True(limiter.TryEnter(other));
        limiter.Leave(one);
        Assert.True(limiter.TryEnter(one));
    }

    private static async Task<TcpClient> ConnectAsync(int port)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port, Cancellation);
        return client;
    }

    private static async Task<int> TryAskAsync(int port)
    {
        try
        {
            using var client = await ConnectAsync(port);
            await client.GetStream().WriteAsync(Request, Cancellation);
            return await ReadAsync(client);
        }
        catch (Exception fault) when (fault is IOException or SocketException)
        {
            // closed before we had said anything, or while we did
            return 0;
        }
    }

    private static async Task<int> ReadAsync(TcpClient client)
    {
        try
        {
            return await client.GetStream().ReadAsync(new byte[100], Cancellation);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
