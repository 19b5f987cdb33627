using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Tests.Support;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Tests.Downloading;

/// <summary>A web seed (BEP 19) is a peer that has everything, asks for nothing, and is told nothing but what to send.</summary>
public sealed class WebSeedTests
{
    [Fact]
    public void Connected_IsAskedAtOnce_AndCountedApart()
    {
        var harness = new EngineHarness(pieces: 64);
        var web = harness.ConnectWebSeed(1);
        Assert.NotEmpty(web.Asked);
        Assert.Equal((0, 0, 1), (harness.Engine.Status.Peers, harness.Engine.Status.Seeds, harness.Engine.Status.WebSeeds));
        web.Serve();
        Assert.True(harness.Engine.IsComplete);
        var status = harness.Engine.Status;
        Assert.Equal(harness.Torrent.Info.ContentBytes, status.ReceivedHttpBytes);
        Assert.Equal(0, status.ReceivedLanBytes + status.ReceivedWanBytes + status.WastedBytes);
        Assert.Equal(PeerFault.BothComplete, web.Fault);
    }

    [Fact]
    public void Always_IsSentRequestsAndCancelsOnly()
    {
        var harness = new EngineHarness(pieces: 64);
        var web = harness.ConnectWebSeed(1);
        var neighbour = harness.Connect(2).HaveAll().Unchoke();
        for (var round = 0; round < 40; round++)
        {
            web.Serve(5);
            neighbour.Serve(3);
            harness.Pass(10);
        }
        Assert.True(harness.Engine.IsComplete);
        Assert.All(web.Heard, message => Assert.True(message.Kind is PeerMessageKind.Request or PeerMessageKind.Cancel));
        Assert.Contains(neighbour.Heard, message => message.Kind == PeerMessageKind.Have);
    }

    [Fact]
    public void Asked_ForLongRunsOfWholePieces()
    {
        var harness = new EngineHarness(pieces: 256);
        var web = harness.ConnectWebSeed(1);
        web.Serve();
        Assert.True(harness.Engine.IsComplete);
        var asked = web.HeardOf(PeerMessageKind.Request)
            .Select(message => (message.Piece * EngineHarness.BlocksPerPiece) + (message.Begin / BlockRange.BlockSize))
            .ToList();
        Assert.Equal(1024, asked.Count);
        Assert.Equal(1024, asked.Distinct().Count());
        var runs = 1 + asked.Zip(asked.Skip(1)).Count(pair => pair.Second != pair.First + 1);
        // One request after another from a random start; a new start whenever the end or something fetched is reached.
        Assert.InRange(runs, 1, 24);
    }

    [Fact]
    public void Asked_InBurstsOfAPieceAtLeast()
    {
        var harness = new EngineHarness(pieces: 256);
        var web = harness.ConnectWebSeed(1);
        var before = web.Asked.Count;
        for (var block = 0; block < 200; block++)
        {
            web.Serve(1);
            var now = web.HeardOf(PeerMessageKind.Request).Count();
            Assert.True(now == before || now - before >= EngineHarness.BlocksPerPiece, $"{now - before} blocks asked for in one go");
            before = now;
        }
    }

    [Fact]
    public void RarePieces_ComeBeforeLongRuns()
    {
        // A neighbour has all but one piece: wherever the web seed begins, it is not led past what only it has.
        var harness = new EngineHarness(pieces: 256);
        harness.Connect(2).Have([.. Enumerable.Range(0, 256).Where(piece => piece != 77)]);
        var web = harness.ConnectWebSeed(1);
        Assert.Equal(77, web.Asked[0].Piece);
    }

    [Fact]
    public void NothingAsked_NoSilenceTimeoutAndNoKeepAlive()
    {
        var harness = new EngineHarness();
        var web = harness.ConnectWebSeed(1);
        web.Say(PeerMessageKind.Choke);
        var heard = web.Heard.Count();
        harness.Pass(3600);
        Assert.Equal(PeerFault.None, web.Fault);
        Assert.Equal(heard, web.Heard.Count());
        web.Unchoke();
        web.Serve();
        Assert.True(harness.Engine.IsComplete);
    }

    [Fact]
    public void Paused_OthersAreAskedForWhatItOwes_AndLateBlocksAreUsed()
    {
        var harness = new EngineHarness(pieces: 4);
        var web = harness.ConnectWebSeed(1);
        Assert.Equal(16, web.Asked.Count);
        var owed = web.Asked;
        web.SendBlock(owed[0].Piece, owed[0].Begin);
        web.Say(PeerMessageKind.Choke);
        // one transfer goes on; for the rest the shell answers with rejects, as it promised
        Assert.Equal("WriteBlock", web.FateOf(web.SendBlock(owed[1].Piece, owed[1].Begin)));
        foreach (var request in owed.Skip(2))
            web.Say(PeerMessageKind.RejectRequest, request.Piece, request.Begin, BlockRange.BlockSize);
        var peer = harness.Connect(2).HaveAll().Unchoke();
        peer.Serve();
        Assert.True(harness.Engine.IsComplete);
        Assert.Equal(PeerFault.None, peer.Fault);
        Assert.Equal(14 * BlockRange.BlockSize, harness.Engine.Status.ReceivedLanBytes);
        Assert.Equal(0, harness.Engine.Status.WastedBytes);
    }

    [Fact]
    public void WrongBlock_IsProof_AndItDoesNotComeBack()
    {
        var harness = new EngineHarness();
        var web = harness.ConnectWebSeed(1);
        web.SendPiece(web.Asked[0].Piece, block => block == 2);
        Assert.Equal(PeerFault.WrongData, web.Fault);
        web.Leave();
        Assert.Equal(PeerFault.WrongData, harness.ConnectWebSeed(1).Fault);
        Assert.Equal(PeerFault.None, harness.ConnectWebSeed(2).Fault);
    }

    [Fact]
    public void NothingComes_IsSnubbed_AndInTheEndDropped()
    {
        var harness = new EngineHarness();
        var web = harness.ConnectWebSeed(1);
        harness.Pass(10);
        var peer = harness.Connect(2).HaveAll().Unchoke();
        Assert.NotEmpty(peer.Asked);
        harness.Pass(60);
        Assert.Equal(PeerFault.Stalled, web.Fault);
    }

    [Fact]
    public void Far_LeavesANeighboursClaimAlone()
    {
        var harness = new EngineHarness(pieces: 2);
        harness.Connect(200).Say(PeerMessageKind.HaveNone).Hello().Unchoke().Claim(0);
        var web = harness.ConnectWebSeed(1, PeerReach.Wan);
        harness.Pass(0.5);
        Assert.Equal([1], web.Asked.Select(request => request.Piece).Distinct());
    }

    [Fact]
    public void Far_ClaimsBeforeItAsks_AndRunsGoAroundWhatNeighboursHave()
    {
        var harness = new EngineHarness(pieces: 32);
        var neighbour = harness.Connect(200).Say(PeerMessageKind.HaveNone).Hello().Unchoke();
        for (var piece = 0; piece < 32; piece += 4)
            neighbour.Have(piece);
        var web = harness.ConnectWebSeed(1, PeerReach.Wan);
        harness.Pass(0.5);
        web.Serve(40);
        var asked = web.HeardOf(PeerMessageKind.Request).Select(message => message.Piece).Distinct().ToList();
        Assert.DoesNotContain(asked, piece => piece % 4 == 0);
        Assert.All(asked, piece => Assert.Contains(piece, neighbour.ClaimsHeard));
    }

    [Fact]
    public void Near_MakesFarPeersSuperfluous()
    {
        var harness = new EngineHarness(pieces: 64);
        harness.ConnectWebSeed(1);
        var far = harness.Connect(2, PeerReach.Wan).HaveAll().Unchoke();
        harness.Pass(1);
        Assert.Empty(far.Asked);
    }

    [Fact]
    public void Complete_NeedsNone()
    {
        var harness = new EngineHarness(verified: EngineHarness.All(8));
        Assert.Equal(PeerFault.BothComplete, harness.ConnectWebSeed(1).Fault);
    }

    [Fact]
    public void Givers_ArePeersThatLetUsHaveWhatWeWant()
    {
        var harness = new EngineHarness(verified: [0]);
        harness.ConnectWebSeed(1);
        harness.Connect(2).HaveAll();
        harness.Connect(3).Have(0).Unchoke();
        Assert.Equal((0, 0), (harness.Engine.Status.Givers, harness.Engine.Status.CompleteGivers));
        harness.Connect(4).Have(3).Unchoke();
        harness.Connect(5).HaveAll().Unchoke();
        Assert.Equal((2, 1), (harness.Engine.Status.Givers, harness.Engine.Status.CompleteGivers));
    }
}
