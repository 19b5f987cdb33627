using System.Net;
using Microsoft.Extensions.Time.Testing;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Hashes;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Tests.Support;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Engine.Tests.Hashes;

public sealed class PieceLayerFetcherTests
{
    private const int PieceLength = 16 * 1024;

    private readonly FakeTimeProvider _time = new();
    private readonly List<EngineCommand> _commands = [];

    /// <summary>Goal: what our own server answers is taken and proved, for trees of one range, of several, and of odd sizes.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(21)]
    [InlineData(512)]
    [InlineData(513)]
    [InlineData(1700)]
    public void Fetch_FromOurServer_GivesTheLayers(int pieces)
    {
        var torrent = new SyntheticTorrent((long)pieces * PieceLength - 100, PieceLength);
        var fetcher = new PieceLayerFetcher(torrent.Info, _time);
        var server = new HashServer(torrent.Info, torrent.Layers);
        Join(fetcher, 1);
        var answered = 0;
        for (; fetcher.Layers is null && answered < 100; answered++)
            Say(fetcher, 1, Answer(server, Asked(1)[answered]));
        for (var piece = 0; piece < pieces; piece++)
            Assert.Equal(torrent.Layers.PieceHash(new PieceIndex(piece)), fetcher.Layers!.PieceHash(new PieceIndex(piece)));
        Assert.Equal((pieces + 511) / 512, answered);
        Assert.Null(fetcher.NextAdvance);
    }

    [Fact]
    public void Fetch_FilesOfOnePieceOnly_AsksNobody()
    {
        var torrent = new SyntheticTorrent(100, PieceLength);
        Assert.NotNull(new PieceLayerFetcher(torrent.Info, _time).Layers);
    }

    [Fact]
    public void Fetch_ManyRanges_AreSpreadOverPeersFourEach()
    {
        var torrent = new SyntheticTorrent(10L * 512 * PieceLength, PieceLength);
        var fetcher = new PieceLayerFetcher(torrent.Info, _time);
        Join(fetcher, 1);
        Join(fetcher, 2);
        Assert.Equal(PieceLayerFetcher.Pipeline, Asked(1).Count);
        Assert.Equal(PieceLayerFetcher.Pipeline, Asked(2).Count);
        Assert.Empty(Asked(1).Select(RangeOf).Intersect(Asked(2).Select(RangeOf)));
    }

    [Fact]
    public void Fetch_Liar_IsDroppedAtItsFirstAnswerAndTheRangeGoesToAnother()
    {
        var torrent = new SyntheticTorrent(700L * PieceLength, PieceLength);
        var fetcher = new PieceLayerFetcher(torrent.Info, _time);
        var server = new HashServer(torrent.Info, torrent.Layers);
        Join(fetcher, 1);
        var answer = Answer(server, Asked(1)[0]);
        var bytes = answer.Payload.ToArray();
        bytes[HashRange.Size + 5] ^= 1;
        Say(fetcher, 1, answer with { Payload = bytes });
        Assert.Equal((1, PeerFault.WrongData), Closed());
        Join(fetcher, 2);
        Assert.Equal(2, Asked(2).Count);
    }

    [Fact]
    public void Fetch_AnswerOfTheWrongSize_EndsTheConnection()
    {
        var torrent = new SyntheticTorrent(700L * PieceLength, PieceLength);
        var fetcher = new PieceLayerFetcher(torrent.Info, _time);
        Join(fetcher, 1);
        byte[] bytes = [.. Asked(1)[0].Message.Payload.Span, .. new byte[32]];
        Say(fetcher, 1, new PeerMessage(PeerMessageKind.Hashes, Payload: bytes));
        Assert.Equal((1, PeerFault.BadHashMessage), Closed());
    }

    [Fact]
    public void Fetch_RejectAndSilence_TheNextPeerIsAskedAndTheFirstAgainLater()
    {
        var torrent = new SyntheticTorrent(21L * PieceLength, PieceLength);
        var fetcher = new PieceLayerFetcher(torrent.Info, _time);
        Join(fetcher, 1);
        Say(fetcher, 1, new PeerMessage(PeerMessageKind.HashReject, Payload: Asked(1)[0].Message.Payload));
        Assert.Single(Asked(1));
        Join(fetcher, 2);
        Assert.Single(Asked(2));
        Pass(fetcher, 6);
        Pass(fetcher, 6);
        Assert.Equal(2, Asked(1).Count);
    }

    [Fact]
    public void Fetch_WithoutV2_IsNotAsked()
    {
        var fetcher = new PieceLayerFetcher(new SyntheticTorrent(21L * PieceLength, PieceLength).Info, _time);
        Join(fetcher, 1, isV2: false);
        Assert.Empty(Asked(1));
    }

    [Fact]
    public void Fetch_PeersThatHaveContent_AreAskedFirst()
    {
        var fetcher = new PieceLayerFetcher(new SyntheticTorrent(4L * 512 * PieceLength, PieceLength).Info, _time);
        Join(fetcher, 1, isV2: false);
        Join(fetcher, 2);
        Say(fetcher, 3, default);
        Assert.Equal(4, Asked(2).Count);
        Join(fetcher, 3);
        Join(fetcher, 4, hasContent: true);
        foreach (var command in Asked(2).ToList())
            Say(fetcher, 2, new PeerMessage(PeerMessageKind.HashReject, Payload: command.Message.Payload));
        Assert.Equal(4, Asked(4).Count);
        Assert.Empty(Asked(3));
    }

    [Fact]
    public void Fetch_AnswersNobodyAskedFor_AreForgivenUpToALimit()
    {
        var fetcher = new PieceLayerFetcher(new SyntheticTorrent(21L * PieceLength, PieceLength).Info, _time);
        Join(fetcher, 1);
        var other = new byte[HashRange.Size];
        new HashRange(default, 0, 0, 2, 0).Write(other);
        for (var time = 0; time < PieceLayerFetcher.MaxUnasked; time++)
            Say(fetcher, 1, new PeerMessage(PeerMessageKind.HashReject, Payload: other));
        Assert.DoesNotContain(_commands, command => command.Kind == EngineCommandKind.Disconnect);
        Say(fetcher, 1, new PeerMessage(PeerMessageKind.HashReject, Payload: other));
        Assert.Equal((1, PeerFault.Flood), Closed());
    }

    private static PeerMessage Answer(HashServer server, EngineCommand asked) => server.Answer(asked.Message.Payload)!.Value;

    private static HashRange RangeOf(EngineCommand command)
    {
        Assert.True(HashRange.TryRead(command.Message.Payload.Span, out var range));
        return range;
    }

    private void Join(PieceLayerFetcher fetcher, int number, bool isV2 = true, bool hasContent = false)
    {
        var handshake = new Handshake(default, EngineHarness.IdOf((byte)number), true, true, isV2);
        var endPoint = new IPEndPoint(IPAddress.Loopback, number);
        var connection = new ConnectedPeer(endPoint, PeerReach.Lan, PeerSource.Tracker, true, handshake, isV2);
        fetcher.PeerConnected(new PeerHandle(number), connection, hasContent);
        Drain(fetcher);
    }

    private void Say(PieceLayerFetcher fetcher, int number, PeerMessage message)
    {
        fetcher.MessageReceived(new PeerHandle(number), message);
        Drain(fetcher);
    }

    private void Pass(PieceLayerFetcher fetcher, int seconds)
    {
        _time.Advance(TimeSpan.FromSeconds(seconds));
        fetcher.Advance();
        Drain(fetcher);
    }

    private void Drain(PieceLayerFetcher fetcher)
    {
        while (fetcher.TryDequeue(out var command))
            _commands.Add(command);
    }

    private List<EngineCommand> Asked(int number) =>
        [.. _commands.Where(command => command.Peer.Value == number && command.Message.Kind == PeerMessageKind.HashRequest)];

    private (int Peer, PeerFault Fault) Closed()
    {
        var command = _commands.Single(command => command.Kind == EngineCommandKind.Disconnect);
        return (command.Peer.Value, command.Fault);
    }
}
