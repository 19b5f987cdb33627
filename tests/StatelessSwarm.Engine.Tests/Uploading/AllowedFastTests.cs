using System.Net;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Tests.Support;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Uploading;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Tests.Uploading;

public sealed class AllowedFastTests
{
    /// <summary>The vectors of BEP 6.</summary>
    [Theory]
    [InlineData(7, new[] { 1059, 431, 808, 1217, 287, 376, 1188 })]
    [InlineData(9, new[] { 1059, 431, 808, 1217, 287, 376, 1188, 353, 508 })]
    public void Set_Vectors(int size, int[] expected)
    {
        var hash = new InfoHash(Enumerable.Repeat((byte)0xaa, InfoHash.Size).ToArray());
        Assert.Equal(expected, AllowedFastSet.Make(IPAddress.Parse("80.4.4.200"), hash, 1313, size));
    }

    [Fact]
    public void Set_FewPieces_IsAllOfThemAndIPv6HasNone()
    {
        Assert.Equal([0, 1, 2], AllowedFastSet.Make(IPAddress.Parse("80.4.4.200"), default, 3).Order());
        Assert.Empty(AllowedFastSet.Make(IPAddress.Parse("2001:db8::1"), default, 1313));
    }

    [Fact]
    public void Choked_Newcomer_IsTheSetOfferedAndServedOnce()
    {
        var (harness, peer) = Crowd();
        var set = peer.HeardOf(PeerMessageKind.AllowedFast).Select(message => message.Piece).ToList();
        Assert.Equal(AllowedFastSet.Make(IPAddress.Parse("10.0.0.2"), default, 64), set);
        Assert.Empty(peer.HeardOf(PeerMessageKind.Unchoke));
        Assert.Single(peer.Request(set[0]).SentBlocks);
        var other = Enumerable.Range(0, 64).First(piece => !set.Contains(piece));
        Assert.Single(peer.Request(other).HeardOf(PeerMessageKind.RejectRequest));
        for (var time = 0; time < 2 * set.Count * EngineHarness.BlocksPerPiece; time++)
        {
            peer.Request(set[0]);
            harness.ReportSent();
        }
        Assert.Equal(set.Count * EngineHarness.BlocksPerPiece, peer.SentBlocks.Count());
    }

    [Fact]
    public void Choked_PeerThatHasPieces_IsNotServed()
    {
        var (_, peer) = Crowd();
        var set = peer.HeardOf(PeerMessageKind.AllowedFast).Select(message => message.Piece).ToList();
        peer.Have([.. Enumerable.Range(0, 64).Where(piece => piece != set[0]).Take(AllowedFastSet.Size + 1)]);
        Assert.Single(peer.Request(set[0]).HeardOf(PeerMessageKind.RejectRequest));
    }

    [Fact]
    public void Unchoked_OrWithoutFast_GetsNoSet()
    {
        var harness = new EngineHarness(64, EngineHarness.All(64), change: options => options with { UploadSlots = 1 });
        Assert.Empty(harness.Connect(1).HeardOf(PeerMessageKind.AllowedFast));
        Assert.Empty(harness.Connect(2, isFast: false).HeardOf(PeerMessageKind.AllowedFast));
    }

    [Fact]
    public void ChokedByAPeer_ItsSet_IsAskedForAndNothingElse()
    {
        var harness = new EngineHarness(16);
        var peer = harness.Connect(1).Have(1, 2, 3).Say(PeerMessageKind.AllowedFast, 2).Say(PeerMessageKind.AllowedFast, 9);
        Assert.Equal([2], peer.Asked.Select(request => request.Piece).Distinct());
        peer.Serve();
        Assert.True(harness.Engine.HasPiece(new PieceIndex(2)));
        Assert.Equal([2], harness.Commands.Where(command => command.Kind == EngineCommandKind.PieceVerified).Select(command => command.Block.Piece.Value));
        peer.Unchoke();
        Assert.Equal([1, 3], peer.Asked.Select(request => request.Piece).Distinct().Where(piece => piece != 2).Order());
    }

    [Fact]
    public void ChokedByAPeer_ThatDoesNotAnswer_IsSnubbed()
    {
        var harness = new EngineHarness(16);
        var peer = harness.Connect(1).Have(2).Say(PeerMessageKind.AllowedFast, 2);
        Assert.NotEmpty(peer.Asked);
        for (var second = 0; second < 40 && peer.Fault == PeerFault.None; second += 5)
        {
            harness.Pass(5);
            peer.Say(PeerMessageKind.KeepAlive);
        }
        Assert.Equal(PeerFault.Stalled, peer.Fault);
    }

    [Fact]
    public void Hints_OutOfRangeOrWithoutFast_EndTheConnection()
    {
        var harness = new EngineHarness(16);
        Assert.Equal(PeerFault.PieceIndexOutOfRange, harness.Connect(1).Say(PeerMessageKind.AllowedFast, 16).Fault);
        Assert.Equal(PeerFault.PieceIndexOutOfRange, harness.Connect(2).Say(PeerMessageKind.SuggestPiece, -1).Fault);
        Assert.Equal(PeerFault.FastNotNegotiated, harness.Connect(3, isFast: false).Say(PeerMessageKind.AllowedFast, 1).Fault);
        Assert.Equal(PeerFault.FastNotNegotiated, harness.Connect(4, isFast: false).Say(PeerMessageKind.SuggestPiece, 1).Fault);
    }

    [Fact]
    public void Hints_ManyAllowedFast_ThoseBeyondTheLimitAreLeftOut()
    {
        var harness = new EngineHarness(64);
        var peer = harness.Connect(1).HaveAll();
        for (var piece = 0; piece < 64; piece++)
            peer.Say(PeerMessageKind.AllowedFast, piece);
        peer.Serve();
        Assert.Equal(32, harness.Count(EngineCommandKind.PieceVerified));
        Assert.Equal(PeerFault.None, peer.Fault);
    }

    /// <summary>A seed with one slot, taken by another: the newcomer is choked.</summary>
    private static (EngineHarness Harness, ScriptedPeer Peer) Crowd()
    {
        var harness = new EngineHarness(64, EngineHarness.All(64), change: options => options with { UploadSlots = 1 });
        harness.Connect(1).Say(PeerMessageKind.Interested);
        return (harness, harness.Connect(2));
    }
}
