using System.Net;
using System.Net.Sockets;
using System.Text;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Swarm.Trackers;

namespace StatelessSwarm.Swarm.Tests.Trackers;

public sealed class HttpTrackerClientTests
{
    private static readonly InfoHash Hash = new([.. Enumerable.Range(0, 20).Select(i => (byte)(i * 13))]);

    [Fact]
    public async Task AnnounceAsync_Request_CarriesEveryByteOfTheHashEscaped()
    {
        using var tracker = new TcpListener(IPAddress.Loopback, 0);
        tracker.Start();
        using var client = new HttpTrackerClient(Dns.GetHostAddressesAsync, identity: null);
        var announce = client.AnnounceAsync(UriOf(tracker), AddressFamily.InterNetwork, Request(), CancellationToken.None);
        var head = await AnswerAsync(tracker, "HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\nd8:intervali300ee");
        var line = head.Split("\r\n")[0];
        Assert.Equal(Hash.AsSpan(), PercentDecode(line.Split("info_hash=")[1].Split('&')[0]));
        Assert.Contains("&port=6881&uploaded=1&downloaded=2&left=3&compact=1&numwant=80&key=000000ff", line, StringComparison.Ordinal);
        Assert.Contains("&event=started", line, StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromSeconds(300), (await announce).Interval);
    }

    [Fact]
    public void AnnounceUri_SiteAndInsideAddress_AreKeysOfOurOwn()
    {
        var tracker = new Uri("http://seed.example/announce");
        var plain = HttpTrackerClient.AnnounceUri(tracker, Request()).Query;
        var site = SiteId.Of("berlin")!.Value;
        var named = HttpTrackerClient.AnnounceUri(tracker, Request() with { Site = site, Inside = IPAddress.Parse("fd00::7") }).Query;

        Assert.Contains("&site=&", plain, StringComparison.Ordinal);
        Assert.DoesNotContain("inside", plain, StringComparison.Ordinal);
        Assert.Contains($"&site={site}&inside=fd00%3A%3A7", named, StringComparison.Ordinal);
        // Trackers of any make hand out what they are told by these.
        Assert.DoesNotContain("ipv4=", named, StringComparison.Ordinal);
        Assert.DoesNotContain("ipv6=", named, StringComparison.Ordinal);
    }

    [Fact]
    public void InsideAddress_OfThisMachineAlone_IsNoneToTell() => Assert.Null(InsideAddress.Towards(IPAddress.Loopback));

    [Fact]
    public async Task AnnounceAsync_ReplyLargerThanTheLimit_IsRefused()
    {
        using var tracker = new TcpListener(IPAddress.Loopback, 0);
        tracker.Start();
        using var client = new HttpTrackerClient(Dns.GetHostAddressesAsync, identity: null);
        var announce = client.AnnounceAsync(UriOf(tracker), AddressFamily.InterNetwork, Request(), CancellationToken.None);
        var body = new string('x', HttpTrackerClient.MaxReplyBytes + 1);
        await AnswerAsync(tracker, $"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        await Assert.ThrowsAsync<TrackerException>(() => announce);
    }

    [Fact]
    public async Task AnnounceAsync_NotOk_SaysTheStatus()
    {
        using var tracker = new TcpListener(IPAddress.Loopback, 0);
        tracker.Start();
        using var client = new HttpTrackerClient(Dns.GetHostAddressesAsync, identity: null);
        var announce = client.AnnounceAsync(UriOf(tracker), AddressFamily.InterNetwork, Request(), CancellationToken.None);
        await AnswerAsync(tracker, "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
        var fault = await Assert.ThrowsAsync<TrackerException>(() => announce);
        Assert.Contains("503", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnnounceAsync_NobodyListens_IsATrackerFault()
    {
        using var tracker = new TcpListener(IPAddress.Loopback, 0);
        tracker.Start();
        var uri = UriOf(tracker);
        tracker.Stop();
        using var client = new HttpTrackerClient(Dns.GetHostAddressesAsync, identity: null);
        await Assert.ThrowsAsync<TrackerException>(() => client.AnnounceAsync(uri, AddressFamily.InterNetwork, Request(), CancellationToken.None));
    }

    private static Uri UriOf(TcpListener tracker) => new($"http://127.0.0.1:{((IPEndPoint)tracker.LocalEndpoint).Port}/announce");

    private static AnnounceRequest Request() =>
        new(Hash, PeerId.Create(Hash.AsSpan()), 6881, 1, 2, 3, AnnounceEvent.Started, Key: 255);

    private static byte[] PercentDecode(string text)
    {
        var bytes = new List<byte>();
        for (var i = 0; i < text.Length; i++)
        {
            bytes.Add(text[i] == '%' ? Convert.FromHexString(text.AsSpan(i + 1, 2))[0] : (byte)text[i]);
            i += text[i] == '%' ? 2 : 0;
        }
        return [.. bytes];
    }

    private static async Task<string> AnswerAsync(TcpListener tracker, string answer)
    {
        using var socket = await tracker.AcceptSocketAsync();
        var buffer = new byte[8192];
        var head = new StringBuilder();
        while (!head.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
            head.Append(Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer)));
        await socket.SendAsync(Encoding.ASCII.GetBytes(answer));
        return head.ToString();
    }
}
