using StatelessSwarm.Content.Merkle;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Hashes;
using StatelessSwarm.Engine.Tests.Support;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Engine.Tests.Hashes;

/// <summary>Requests for leaf hashes, which the shell makes anew.</summary>
public sealed class LeafHashTests
{
    private const int Pieces = 21;
    private const int Block = BlockRange.BlockSize;

    /// <summary>Goal: leaves and uncles lead to the file's root: inside a piece, over several, at the file's padded end.</summary>
    [Theory]
    [InlineData(0, 2, 6)]
    [InlineData(6, 2, 6)]
    [InlineData(8, 4, 6)]
    [InlineData(16, 16, 6)]
    [InlineData(80, 2, 6)]
    [InlineData(80, 16, 6)]
    [InlineData(64, 64, 6)]
    [InlineData(0, 128, 0)]
    public void Leaves_WithProof_LeadToTheRoot(int index, int length, int proofs)
    {
        var torrent = new SyntheticTorrent(Pieces * EngineHarness.PieceLength - Block - 100, EngineHarness.PieceLength);
        var harness = new EngineHarness(torrent: torrent, verified: EngineHarness.All(Pieces));
        var root = torrent.Info.Files[0].PiecesRoot;
        var peer = Ask(harness.Connect(1), new HashRange(root, 0, index, length, proofs));
        HashAll(harness);
        var answer = Assert.Single(peer.HeardOf(PeerMessageKind.Hashes));
        var hashes = new List<Sha256Digest>();
        for (var at = HashRange.Size; at < answer.Payload.Length; at += Sha256Digest.Size)
            hashes.Add(new Sha256Digest(answer.Payload.Span.Slice(at, Sha256Digest.Size)));
        Assert.Equal(length + MerkleProof.UncleCount(length, proofs), hashes.Count);
        Assert.True(MerkleProof.Verify(root, hashes[..length].ToArray(), index, hashes[length..].ToArray()));
    }

    [Fact]
    public void Leaves_RightAfterADataRequestWhileChoked_AreNotRejected()
    {
        var harness = new EngineHarness(Pieces, EngineHarness.All(Pieces), change: options => options with { UploadSlots = 1 });
        harness.Connect(1).Say(PeerMessageKind.Interested);
        var peer = harness.Connect(2).Request(3);
        Ask(peer, new HashRange(harness.Torrent.Info.Files[0].PiecesRoot, 0, 12, 4, 0));
        HashAll(harness);
        Assert.Single(peer.HeardOf(PeerMessageKind.Hashes));
    }

    [Fact]
    public void Leaves_OfAPieceWeLackBeyondTheFileOrUnknown_AreRejected()
    {
        var harness = new EngineHarness(Pieces, verified: [0]);
        var root = harness.Torrent.Info.Files[0].PiecesRoot;
        var peer = harness.Connect(1);
        Ask(peer, new HashRange(root, 0, 4, 4, 0));
        Ask(peer, new HashRange(root, 0, 0, 8, 0));
        Ask(peer, new HashRange(root, 0, 128, 2, 0));
        Ask(peer, new HashRange(default, 0, 0, 2, 0));
        Ask(peer, new HashRange(root, 1, 0, 2, 0));
        Assert.Equal(5, peer.HeardOf(PeerMessageKind.HashReject).Count());
        Assert.Equal(0, harness.Count(EngineCommandKind.HashBlocks));
    }

    [Fact]
    public void Leaves_ManyRequests_OnlySoManyAtATimeAndEveryOneIsAnswered()
    {
        var harness = new EngineHarness(Pieces, EngineHarness.All(Pieces));
        var range = new HashRange(harness.Torrent.Info.Files[0].PiecesRoot, 0, 0, 4, 0);
        var peers = Enumerable.Range(1, 6).Select(id => harness.Connect((byte)id)).ToList();
        foreach (var peer in peers)
        {
            for (var time = 0; time <= LeafRequests.MaxPerPeer; time++)
                Ask(peer, range);
        }
        Assert.Equal(LeafRequests.MaxWaiting, harness.Count(EngineCommandKind.HashBlocks));
        Assert.Single(peers[0].HeardOf(PeerMessageKind.HashReject));
        peers[0].Leave();
        HashAll(harness);
        foreach (var peer in peers.Skip(1))
        {
            var answers = peer.Heard.Count(message => message.Kind is PeerMessageKind.Hashes or PeerMessageKind.HashReject);
            Assert.Equal(LeafRequests.MaxPerPeer + 1, answers);
        }
    }

    [Fact]
    public void Leaves_BlocksThatCannotBeReadOrHaveRotted_AreRejected()
    {
        var harness = new EngineHarness(Pieces, EngineHarness.All(Pieces));
        var peer = harness.Connect(1);
        var range = new HashRange(harness.Torrent.Info.Files[0].PiecesRoot, 0, 0, 4, 0);
        Ask(peer, range);
        Ask(peer, range);
        harness.Engine.BlocksHashed(1, []);
        harness.Engine.BlocksHashed(2, new Sha256Digest[4]);
        harness.Drain();
        Assert.Equal(2, peer.HeardOf(PeerMessageKind.HashReject).Count());
    }

    private static ScriptedPeer Ask(ScriptedPeer peer, HashRange range)
    {
        var payload = new byte[HashRange.Size];
        range.Write(payload);
        return peer.Say(PeerMessageKind.HashRequest, payload: payload);
    }

    /// <summary>Plays the shell.</summary>
    private static void HashAll(EngineHarness harness)
    {
        foreach (var command in harness.Commands.Where(command => command.Kind == EngineCommandKind.HashBlocks).ToList())
        {
            var leaves = new List<Sha256Digest>();
            var left = command.Block.Length;
            for (var piece = command.Block.Piece.Value; left > 0; piece++)
            {
                var content = harness.Torrent.Info.ContentLength(new PieceIndex(piece));
                for (var begin = 0; begin < content; begin += Block)
                    leaves.Add(harness.Torrent.Leaf(new BlockRange(new PieceIndex(piece), begin, Math.Min(Block, content - begin))));
                left -= content;
            }
            harness.Engine.BlocksHashed(command.Token, leaves.ToArray());
        }
        harness.Drain();
    }
}
