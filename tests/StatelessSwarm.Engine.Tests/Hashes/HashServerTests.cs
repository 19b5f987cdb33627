using StatelessSwarm.Content.Merkle;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Tests.Support;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Tests.Hashes;

public sealed class HashServerTests
{
    private const int PieceLayer = 2; // 64 KiB pieces of 16 KiB leaves

    /// <summary>Goal: the hashes and their proof lead to the file's root, whatever part is asked for (21 pieces, padded to 32).</summary>
    [Theory]
    [InlineData(0, 2, 4)]
    [InlineData(4, 4, 4)]
    [InlineData(16, 8, 4)]
    [InlineData(20, 4, 4)]
    [InlineData(0, 16, 4)]
    [InlineData(0, 32, 0)]
    [InlineData(4, 4, 9)]
    public void Hashes_PieceLayer_LeadToTheRoot(int index, int length, int proofs)
    {
        var harness = new EngineHarness(pieces: 21);
        var root = harness.Torrent.Info.Files[0].PiecesRoot;
        var answer = Ask(harness, new HashRange(root, PieceLayer, index, length, proofs));
        Assert.Equal(PeerMessageKind.Hashes, answer.Kind);
        Assert.True(HashRange.TryRead(answer.Payload.Span, out var range));
        Assert.Equal(new HashRange(root, PieceLayer, index, length, proofs), range);
        var hashes = new List<Sha256Digest>();
        for (var at = HashRange.Size; at < answer.Payload.Length; at += 32)
            hashes.Add(new Sha256Digest(answer.Payload.Span.Slice(at, 32)));
        var node = MerkleHash.Root(hashes.GetRange(0, length).ToArray(), PieceLayer);
        var place = index / length;
        foreach (var uncle in hashes.Skip(length))
        {
            node = (place & 1) == 0 ? MerkleHash.Combine(node, uncle) : MerkleHash.Combine(uncle, node);
            place >>= 1;
        }
        Assert.Equal(root, node);
    }

    [Fact]
    public void Hashes_LeafLayerUnknownRootOrBeyondTheFile_AreRejected()
    {
        var harness = new EngineHarness(pieces: 21);
        var root = harness.Torrent.Info.Files[0].PiecesRoot;
        Assert.Equal(PeerMessageKind.HashReject, Ask(harness, new HashRange(root, 0, 0, 4, 0)).Kind);
        Assert.Equal(PeerMessageKind.HashReject, Ask(harness, new HashRange(default, PieceLayer, 0, 4, 0)).Kind);
        Assert.Equal(PeerMessageKind.HashReject, Ask(harness, new HashRange(root, PieceLayer, 32, 32, 0)).Kind);
    }

    [Fact]
    public void Hashes_WithoutV2OrBroken_EndTheConnection()
    {
        var harness = new EngineHarness(pieces: 21);
        var v1 = harness.Connect(8, isV2: false).Say(PeerMessageKind.HashRequest, payload: new byte[48]);
        Assert.Equal(PeerFault.BadHashMessage, v1.Fault);
        var broken = harness.Connect(9).Say(PeerMessageKind.HashRequest, payload: new byte[48]);
        Assert.Equal(PeerFault.BadHashMessage, broken.Fault);
    }

    private static PeerMessage Ask(EngineHarness harness, HashRange range)
    {
        var payload = new byte[HashRange.Size];
        range.Write(payload);
        var peer = harness.Connect((byte)(10 + harness.Commands.Count % 80));
        return peer.Say(PeerMessageKind.HashRequest, payload: payload)
            .Heard.Single(message => message.Kind is PeerMessageKind.Hashes or PeerMessageKind.HashReject);
    }
}
