using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using StatelessSwarm.Content;
using StatelessSwarm.Node.Faults;
using StatelessSwarm.Node.Fetching;
using StatelessSwarm.Testing.Http;

namespace StatelessSwarm.Node.Tests.Fetching;

public sealed class MetadataClientTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static async Task<byte[]?> GetAsync(
        Func<string, Stream, CancellationToken, Task> handler,
        int maxBytes = 100,
        TimeProvider? time = null
    )
    {
        await using var server = new RawHttpServer(handler);
        using var client = new MetadataClient(server.Url, identity: null, time ?? TimeProvider.System, new Random(1));
        return await client.GetAsync("metadata/x.mp", maxBytes, Cancellation);
    }

    [Fact]
    public async Task Get_File_IsItsBytes()
    {
        string? asked = null;
        var bytes = await GetAsync(
            (path, stream, stop) =>
            {
                asked = path;
                return RawHttpServer.AnswerAsync(stream, 200, "hello"u8.ToArray(), stop);
            }
        );
        Assert.Equal("hello"u8.ToArray(), bytes);
        Assert.Equal("/metadata/x.mp", asked);
    }

    [Theory]
    [InlineData(404)]
    [InlineData(410)]
    public async Task Get_Missing_IsNull(int code) =>
        Assert.Null(await GetAsync((_, stream, stop) => RawHttpServer.AnswerAsync(stream, code, default, stop)));

    [Theory]
    [InlineData(100, true)]
    [InlineData(101, false)]
    public async Task Get_LengthAnnounced_IsBounded(int length, bool isTaken)
    {
        var get = GetAsync((_, stream, stop) => RawHttpServer.AnswerAsync(stream, 200, new byte[length], stop));
        if (isTaken)
            Assert.Equal(length, (await get)!.Length);
        else
            Assert.Contains("expected at most 100", (await Assert.ThrowsAsync<ContentException>(() => get)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_EndlessBody_IsCutAtTheLimit()
    {
        var sent = 0L;
        var fault = await Assert.ThrowsAsync<ContentException>(
            () =>
                GetAsync(
                    async (_, stream, stop) =>
                    {
                        await RawHttpServer.WriteAsync(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"u8.ToArray(), stop);
                        while (true)
                        {
                            await RawHttpServer.WriteAsync(stream, new byte[4096], stop);
                            sent += 4096;
                        }
                    },
                    maxBytes: 10_000
                )
        );
        Assert.Contains("longer than 10000", fault.Message, StringComparison.Ordinal);
        Assert.InRange(sent, 4096, 64L << 20);
    }

    [Fact]
    public async Task Get_BodyOfExactlyTheLimitWithoutLength_IsTaken()
    {
        var bytes = await GetAsync(
            async (_, stream, stop) =>
                await RawHttpServer.WriteAsync(
                    stream,
                    Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + new string('x', 100)),
                    stop
                )
        );
        Assert.Equal(100, bytes!.Length);
    }

    [Fact]
    public async Task Get_ServerStumblesTwice_SucceedsAtTheThird()
    {
        var tries = 0;
        var bytes = await GetAsync(
            (_, stream, stop) => RawHttpServer.AnswerAsync(stream, ++tries < 3 ? 503 : 200, new byte[3], stop)
        );
        Assert.Equal(3, bytes!.Length);
        Assert.Equal(3, tries);
    }

    [Theory]
    [InlineData(503, 3, FaultKind.Unreachable)]
    [InlineData(403, 1, FaultKind.Failed)]
    public async Task Get_ErrorAnswer_TriesAgainOnlyWhenItMayPass(int code, int expectedTries, FaultKind kind)
    {
        var tries = 0;
        var fault = await Assert.ThrowsAsync<NodeException>(
            () =>
                GetAsync(
                    (_, stream, stop) =>
                    {
                        tries++;
                        return RawHttpServer.AnswerAsync(stream, code, default, stop);
                    }
                )
        );
        Assert.Equal((expectedTries, kind), (tries, fault.Kind));
        Assert.Contains("metadata/x.mp", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort")]
    [InlineData("no http at all\r\n\r\n")]
    [InlineData("")]
    public async Task Get_BrokenAnswer_IsUnreachable(string answer)
    {
        var fault = await Assert.ThrowsAsync<NodeException>(
            () => GetAsync((_, stream, stop) => RawHttpServer.WriteAsync(stream, Encoding.ASCII.GetBytes(answer), stop))
        );
        Assert.Equal(FaultKind.Unreachable, fault.Kind);
    }

    [Fact]
    public async Task Get_NobodyListens_NamesTheServer()
    {
        using var unused = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        unused.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        using var client = new MetadataClient(new Uri($"http://{unused.LocalEndPoint}/"), identity: null, TimeProvider.System, new Random(1));
        var fault = await Assert.ThrowsAsync<NodeException>(() => client.GetAsync("x", 10, Cancellation));
        Assert.Equal(FaultKind.Unreachable, fault.Kind);
        Assert.Contains(unused.LocalEndPoint!.ToString()!, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_SilentServer_GivesUpInTime()
    {
        var time = new FakeTimeProvider { AutoAdvanceAmount = TimeSpan.Zero };
        var get = GetAsync((_, _, stop) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop), time: time);
        while (!get.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(get, Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System, Cancellation));
        }
        var fault = await Assert.ThrowsAsync<NodeException>(() => get);
        Assert.Equal(FaultKind.Unreachable, fault.Kind);
        Assert.Contains("no answer in time", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_Cancelled_IsCancelled()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        await using var server = new RawHttpServer((_, _, ended) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ended));
        using var client = new MetadataClient(server.Url, identity: null, TimeProvider.System, new Random(1));
        var get = client.GetAsync("x", 10, stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => get);
    }
}
