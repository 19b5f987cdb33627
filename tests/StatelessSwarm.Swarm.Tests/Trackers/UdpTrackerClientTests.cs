using System.Net;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Swarm.Trackers;

namespace StatelessSwarm.Swarm.Tests.Trackers;

/// <summary>
/// The client against a scripted tracker on loopback. Datagrams are real, time is not: the client sets its alarm
/// before it sends, so once a request has come the clock can be moved.
/// </summary>
public sealed class UdpTrackerClientTests
{
    private static readonly AnnounceRequest Request = new(
        new InfoHash(new byte[20]), PeerId.Create(new byte[12]), 6881, 1, 2, 3, AnnounceEvent.Started
    );

    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData("127.0.0.1", new byte[] { 10, 77, 1, 2, 0x1a, 0xe1 }, "10.77.1.2:6881")]
    [InlineData("::1", new byte[] { 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0x1a, 0xe2 }, "[2001:db8::7]:6882")]
    public async Task AnnounceAsync_Answered_GivesPeersOfTheFamily(string address, byte[] peers, string expected)
    {
        using var tracker = new ScriptedUdpTracker(IPAddress.Parse(address));
        var announce = StartAnnounce(new UdpTrackerClient(_time), tracker);
        var connect = await tracker.ReceiveAsync();
        Assert.True(connect.IsConnect);
        Assert.Equal(0x41727101980u, connect.ConnectionId);
        await tracker.AnswerConnectAsync(connect);
        var asked = await tracker.ReceiveAsync();
        Assert.Equal((1, ScriptedUdpTracker.ConnectionId, 2, 6881), (asked.Action, asked.ConnectionId, asked.Event, asked.Port));
        Assert.Equal([2, 9, .. "/announce"u8], asked.Options);
        Assert.NotEqual(connect.Transaction, asked.Transaction);
        await tracker.AnswerAnnounceAsync(asked, null, peers);
        Assert.Equal(expected, Assert.Single((await announce).Peers).ToString());
    }

    [Fact]
    public async Task AnnounceAsync_LostPackets_AreSentAgainAfter15And30Seconds()
    {
        using var tracker = new ScriptedUdpTracker();
        var announce = StartAnnounce(new UdpTrackerClient(_time), tracker);
        var first = await tracker.ReceiveAsync();
        var second = await ReceiveAfterAsync(tracker, 15);
        var third = await ReceiveAfterAsync(tracker, 30);
        Assert.Equal(first.Bytes, second.Bytes);
        Assert.Equal(first.Bytes, third.Bytes);
        await tracker.AnswerConnectAsync(third);
        await tracker.AnswerAnnounceAsync(await tracker.ReceiveAsync());
        Assert.Empty((await announce).Peers);
    }

    [Fact]
    public async Task AnnounceAsync_AnswerToTheFirstOfTwo_Counts()
    {
        using var tracker = new ScriptedUdpTracker();
        var announce = StartAnnounce(new UdpTrackerClient(_time), tracker);
        var first = await tracker.ReceiveAsync();
        await ReceiveAfterAsync(tracker, 15);
        await tracker.AnswerConnectAsync(first);
        await tracker.AnswerAnnounceAsync(await tracker.ReceiveAsync());
        Assert.Empty((await announce).Peers);
    }

    [Fact]
    public async Task AnnounceAsync_NeverAnswered_IsGivenUpAfter60Seconds()
    {
        using var tracker = new ScriptedUdpTracker();
        var announce = StartAnnounce(new UdpTrackerClient(_time), tracker);
        await tracker.ReceiveAsync();
        await ReceiveAfterAsync(tracker, 15);
        await ReceiveAfterAsync(tracker, 30);
        _time.Advance(TimeSpan.FromSeconds(14.9));
        Assert.False(announce.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(0.1));
        var fault = await Assert.ThrowsAsync<TrackerException>(() => announce);
        Assert.Equal("no answer within 60 s", fault.Message);
        Assert.True(tracker.IsQuiet);
    }

    [Fact]
    public async Task AnnounceAsync_StrayDatagrams_ArePassedOver()
    {
        using var tracker = new ScriptedUdpTracker();
        var announce = StartAnnounce(new UdpTrackerClient(_time), tracker);
        var connect = await tracker.ReceiveAsync();
        await tracker.AnswerConnectAsync(connect, unchecked(connect.Transaction + 1), 0xbad);
        await tracker.SendAsync(connect.From, [1, 2, 3]);
        await tracker.SendAsync(connect.From, []);
        await tracker.AnswerAnnounceAsync(connect);
        await tracker.AnswerConnectAsync(connect);
        var asked = await tracker.ReceiveAsync();
        Assert.Equal(ScriptedUdpTracker.ConnectionId, asked.ConnectionId);
        await tracker.AnswerAnnounceAsync(asked, connect.Transaction, 10, 0, 0, 1, 0, 1);
        await tracker.AnswerAnnounceAsync(asked);
        Assert.Empty((await announce).Peers);
    }

    [Fact]
    public async Task AnnounceAsync_StrayDatagramsWithoutEnd_AreAFault()
    {
        using var tracker = new ScriptedUdpTracker();
        var announce = StartAnnounce(new UdpTrackerClient(_time), tracker);
        var connect = await tracker.ReceiveAsync();
        while (!announce.IsCompleted)
        {
            await tracker.SendAsync(connect.From, [1, 2, 3]);
            await Task.Yield();
        }
        await Assert.ThrowsAsync<TrackerException>(() => announce);
    }

    [Fact]
    public async Task AnnounceAsync_Error_SaysTheReason()
    {
        using var tracker = new ScriptedUdpTracker();
        var announce = StartAnnounce(new UdpTrackerClient(_time), tracker);
        await tracker.AnswerConnectAsync(await tracker.ReceiveAsync());
        await tracker.AnswerErrorAsync(await tracker.ReceiveAsync(), "not here"u8);
        Assert.Equal("refuses: not here", (await Assert.ThrowsAsync<TrackerException>(() => announce)).Message);
    }

    [Fact]
    public async Task AnnounceAsync_NobodyListens_FailsAtOnce()
    {
        var tracker = new ScriptedUdpTracker();
        var endPoint = tracker.EndPoint;
        tracker.Dispose();
        await Assert.ThrowsAsync<TrackerException>(() =>
            new UdpTrackerClient(_time).AnnounceAsync(endPoint, default, Request, CancellationToken.None)
        );
    }

    [Fact]
    public async Task AnnounceAsync_Cancelled_Ends()
    {
        using var tracker = new ScriptedUdpTracker();
        using var stop = new CancellationTokenSource();
        var announce = new UdpTrackerClient(_time).AnnounceAsync(tracker.EndPoint, default, Request, stop.Token);
        await tracker.ReceiveAsync();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => announce);
    }

    [Fact]
    public async Task ConnectionId_Within60Seconds_IsUsedAgainAndThenAskedForAnew()
    {
        using var tracker = new ScriptedUdpTracker();
        var client = new UdpTrackerClient(_time);
        var announce = StartAnnounce(client, tracker);
        await tracker.AnswerConnectAsync(await tracker.ReceiveAsync());
        await tracker.AnswerAnnounceAsync(await tracker.ReceiveAsync());
        await announce;

        _time.Advance(TimeSpan.FromSeconds(59));
        announce = StartAnnounce(client, tracker);
        var again = await tracker.ReceiveAsync();
        Assert.Equal((1, ScriptedUdpTracker.ConnectionId), (again.Action, again.ConnectionId));
        await tracker.AnswerAnnounceAsync(again);
        await announce;

        _time.Advance(TimeSpan.FromSeconds(1));
        announce = StartAnnounce(client, tracker);
        var connect = await tracker.ReceiveAsync();
        Assert.True(connect.IsConnect);
        await tracker.AnswerConnectAsync(connect, id: 99);
        var asked = await tracker.ReceiveAsync();
        Assert.Equal(99u, asked.ConnectionId);
        await tracker.AnswerAnnounceAsync(asked);
        await announce;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ConnectionId_KeptOneRefusedOrUnanswered_IsReplaced(bool isRefused)
    {
        using var tracker = new ScriptedUdpTracker();
        var client = new UdpTrackerClient(_time);
        var announce = StartAnnounce(client, tracker);
        await tracker.AnswerConnectAsync(await tracker.ReceiveAsync());
        await tracker.AnswerAnnounceAsync(await tracker.ReceiveAsync());
        await announce;

        announce = StartAnnounce(client, tracker);
        var stale = await tracker.ReceiveAsync();
        Assert.Equal(1, stale.Action);
        UdpTrackerRequest connect;
        if (isRefused)
        {
            await tracker.AnswerErrorAsync(stale, "wrong connection id"u8);
            connect = await tracker.ReceiveAsync();
        }
        else
        {
            connect = await ReceiveAfterAsync(tracker, 15);
        }
        Assert.True(connect.IsConnect);
        await tracker.AnswerConnectAsync(connect, id: 77);
        var asked = await tracker.ReceiveAsync();
        Assert.Equal(77u, asked.ConnectionId);
        await tracker.AnswerAnnounceAsync(asked);
        await announce;
    }

    private static Task<TrackerReply> StartAnnounce(UdpTrackerClient client, ScriptedUdpTracker tracker) =>
        client.AnnounceAsync(tracker.EndPoint, Encoding.ASCII.GetBytes(tracker.Url.PathAndQuery), Request, CancellationToken.None);

    /// <summary>The request that comes this many seconds after the one before, and not earlier.</summary>
    private Task<UdpTrackerRequest> ReceiveAfterAsync(ScriptedUdpTracker tracker, int seconds)
    {
        _time.Advance(TimeSpan.FromSeconds(seconds - 0.1));
        Assert.True(tracker.IsQuiet);
        _time.Advance(TimeSpan.FromSeconds(0.1));
        return tracker.ReceiveAsync();
    }
}
