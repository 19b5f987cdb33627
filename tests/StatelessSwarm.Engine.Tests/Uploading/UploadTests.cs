using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Tests.Support;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Tests.Uploading;

public sealed class UploadTests
{
    private const int Block = BlockRange.BlockSize;

    [Fact]
    public void Request_VerifiedPiece_IsServed()
    {
        var harness = new EngineHarness(verified: [3]);
        var peer = harness.Connect(1).Request(3, Block);
        Assert.Equal(new BlockRange(new PieceIndex(3), Block, Block), peer.SentBlocks.Single());
    }

    [Fact]
    public void Request_MissingPiece_IsRejectedOnceWithFast()
    {
        var harness = new EngineHarness(verified: [3]);
        Assert.Single(harness.Connect(1).Request(2).HeardOf(PeerMessageKind.RejectRequest));
        Assert.Empty(harness.Connect(2, isFast: false).Request(2).HeardOf(PeerMessageKind.RejectRequest));
    }

    [Theory]
    [InlineData(8, 0, Block, PeerFault.PieceIndexOutOfRange)]
    [InlineData(-1, 0, Block, PeerFault.PieceIndexOutOfRange)]
    [InlineData(0, EngineHarness.PieceLength, Block, PeerFault.BlockOutOfRange)]
    [InlineData(0, EngineHarness.PieceLength - Block + 1, Block, PeerFault.BlockOutOfRange)]
    [InlineData(0, 0, EngineHarness.PieceLength + 1, PeerFault.BlockOutOfRange)]
    [InlineData(0, 0, 0, PeerFault.BlockOutOfRange)]
    [InlineData(0, -1, Block, PeerFault.BlockOutOfRange)]
    public void Request_OutOfRange_EndsTheConnection(int piece, int begin, int length, PeerFault expected)
    {
        var harness = new EngineHarness(verified: EngineHarness.All(8));
        Assert.Equal(expected, harness.Connect(1).Request(piece, begin, length).Fault);
    }

    /// <summary>libtorrent takes the last piece of a v2-only torrent for as long as the others; what is beyond the file is pad.</summary>
    [Fact]
    public void Request_BeyondTheEndOfAV2OnlyTorrent_IsServedUpToAWholePiece()
    {
        var torrent = new Testing.Torrents.SyntheticTorrent(2 * EngineHarness.PieceLength - 1000, EngineHarness.PieceLength);
        var harness = new EngineHarness(torrent: torrent, verified: [0, 1]);
        var peer = harness.Connect(1).Request(1, EngineHarness.PieceLength - Block);
        Assert.Single(peer.SentBlocks);
        Assert.Equal(PeerFault.BlockOutOfRange, peer.Request(1, EngineHarness.PieceLength).Fault);
    }

    [Fact]
    public async Task Request_PadBytesOfAHybrid_AreServed()
    {
        var content = new byte[100_000];
        using var first = new MemoryStream(content);
        using var second = new MemoryStream(content);
        var file = await TorrentBuilder.BuildHybridAsync(
            new TorrentBuildOptions { Name = "pads", PieceLength = EngineHarness.PieceLength },
            [new TorrentBuildFile("a", first, content.Length), new TorrentBuildFile("b", second, content.Length)],
            null,
            TestContext.Current.CancellationToken
        );
        var torrent = Metainfo.Parse(file);
        var piece = new PieceIndex(1);
        Assert.True(torrent.Info.ContentLength(piece) < torrent.Info.WireLength(piece));
        var engine = new TorrentEngine(
            torrent.Info,
            torrent.Layers!,
            new EngineOptions { PeerId = EngineHarness.IdOf(9) },
            TimeProvider.System,
            1
        );
        engine.Start(Enumerable.Range(0, torrent.Info.PieceCount).Select(index => new PieceIndex(index)));
        var handshake = new Handshake(default, EngineHarness.IdOf(1), true, true, false);
        var endPoint = new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 1);
        engine.PeerConnected(new PeerHandle(1), new ConnectedPeer(endPoint, PeerReach.Lan, PeerSource.Tracker, false, handshake, false));
        engine.MessageReceived(new PeerHandle(1), new PeerMessage(PeerMessageKind.Request, 1, 3 * Block, Block));
        var served = false;
        while (engine.TryDequeue(out var command))
            served |= command.Kind == EngineCommandKind.SendBlock && command.Block.Begin == 3 * Block;
        Assert.True(served);
    }

    /// <summary>Every request gets one answer: a block, or a reject when it was cancelled in time (BEP 6).</summary>
    [Fact]
    public void Cancel_WaitingRequest_IsRejectedOnceSentOneIsNot()
    {
        var harness = new EngineHarness(pieces: 64, verified: EngineHarness.All(64));
        var peer = harness.Connect(1);
        for (var piece = 0; piece < 16; piece++)
            peer.Request(piece);
        var handed = peer.SentBlocks.Count();
        Assert.InRange(handed, 1, 15);
        peer.Say(PeerMessageKind.Cancel, 0, 0, Block);
        Assert.Empty(peer.HeardOf(PeerMessageKind.RejectRequest));
        peer.Say(PeerMessageKind.Cancel, 15, 0, Block).Say(PeerMessageKind.Cancel, 15, 0, Block);
        Assert.Equal(15, peer.HeardOf(PeerMessageKind.RejectRequest).Single().Piece);
        harness.ReportSent();
        Assert.Equal(15, peer.SentBlocks.Count());
        Assert.DoesNotContain(peer.SentBlocks, block => block.Piece.Value == 15);
    }

    [Fact]
    public void Ahead_BlocksInTheShellsHands_AreBounded()
    {
        var harness = new EngineHarness(
            pieces: 64,
            verified: EngineHarness.All(64),
            change: options => options with { UploadAheadPerPeer = 64 * 1024 }
        );
        var peer = harness.Connect(1);
        for (var piece = 0; piece < 32; piece++)
            peer.Request(piece);
        Assert.Equal(4, harness.Unsent.Count);
        harness.ReportSent(1);
        Assert.Equal(4, harness.Unsent.Count);
        Assert.Equal(5, peer.SentBlocks.Count());
        Assert.Equal(Block, harness.Engine.Status.SentLanBytes);
    }

    [Fact]
    public void Ahead_TotalBound_StillGivesEveryoneABlock()
    {
        var harness = new EngineHarness(
            pieces: 64,
            verified: EngineHarness.All(64),
            change: options => options with { UploadAhead = 64 * 1024 }
        );
        var peers = Enumerable.Range(1, 6).Select(id => harness.Connect((byte)id)).ToList();
        foreach (var peer in peers)
        {
            for (var piece = 0; piece < 16; piece++)
                peer.Request(piece);
        }
        Assert.All(peers, peer => Assert.NotEmpty(peer.SentBlocks));
        Assert.InRange(harness.Unsent.Count, 6, 10);
        harness.ReportSent();
        Assert.All(peers, peer => Assert.Equal(16, peer.SentBlocks.Count()));
    }

    [Fact]
    public void Queue_FullerThanReqq_IsRejectedAndInsistingIsAFlood()
    {
        var harness = new EngineHarness(verified: EngineHarness.All(8), change: options => options with { RequestQueue = 16 });
        var peer = harness.Connect(1);
        for (var request = 0; request < 30; request++)
            peer.Request(0);
        var handed = peer.SentBlocks.Count();
        Assert.Equal(30 - handed - 16, peer.HeardOf(PeerMessageKind.RejectRequest).Count());
        for (var request = 0; request < 3100 && peer.Fault == PeerFault.None; request++)
            peer.Request(0);
        Assert.Equal(PeerFault.Flood, peer.Fault);
    }

    [Fact]
    public void Choker_MoreThanSlots_TheOneServedLongestAgoGetsATurn()
    {
        var harness = new EngineHarness(64, EngineHarness.All(64), change: options => options with { UploadSlots = 2 });
        var peers = Enumerable.Range(1, 3).Select(id => harness.Connect((byte)id)).ToList();
        foreach (var peer in peers)
            peer.Say(PeerMessageKind.Interested);
        Assert.Equal([1, 1, 0], peers.Select(peer => peer.HeardOf(PeerMessageKind.Unchoke).Count()));
        var allowed = peers[2].HeardOf(PeerMessageKind.AllowedFast).Select(message => message.Piece);
        Assert.Empty(peers[2].Request(Enumerable.Range(0, 64).Except(allowed).First()).SentBlocks);
        Assert.Single(peers[2].HeardOf(PeerMessageKind.RejectRequest));
        for (var piece = 0; piece < 8; piece++)
        {
            for (var block = 0; block < 4; block++)
                peers[0].Request(piece, block * Block);
        }
        harness.ReportSent(3);
        harness.Pass(16);
        Assert.Single(peers[0].HeardOf(PeerMessageKind.Choke));
        Assert.Single(peers[2].HeardOf(PeerMessageKind.Unchoke));
        // What it had asked for and not got is refused: 32 requests, each answered once.
        Assert.Equal(32, peers[0].SentBlocks.Count() + peers[0].HeardOf(PeerMessageKind.RejectRequest).Count());
    }

    [Fact]
    public void Choker_PeerLeaves_ItsSlotGoesToWhoWaits()
    {
        var harness = new EngineHarness(verified: EngineHarness.All(8), change: options => options with { UploadSlots = 1 });
        var one = harness.Connect(1).Say(PeerMessageKind.Interested);
        var two = harness.Connect(2).Say(PeerMessageKind.Interested);
        Assert.Empty(two.HeardOf(PeerMessageKind.Unchoke));
        one.Leave();
        Assert.Single(two.HeardOf(PeerMessageKind.Unchoke));
    }

    [Fact]
    public void Upload_PeerThatTakesNothing_IsDropped()
    {
        var harness = new EngineHarness(verified: EngineHarness.All(8));
        var peer = harness.Connect(1).Request(0);
        harness.Pass(50);
        Assert.Equal(PeerFault.None, peer.Fault);
        harness.Pass(20);
        Assert.Equal(PeerFault.Stalled, peer.Fault);
    }
}
