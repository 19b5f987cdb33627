using System.Net;
using System.Text;
using CsCheck;
using StatelessSwarm.Engine.Extensions;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Tests.Support;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Tests.Extensions;

public sealed class ExtensionHandshakeTests
{
    [Fact]
    public void Handshake_RoundTrip_IsEqual() =>
        Gen.Select(Gen.Byte, Gen.Byte, Gen.Int[1, 65535], Gen.Int[1, 2000], Gen.Int[1, 1 << 24], Gen.Bool, Gen.Byte.Array[4])
            .Sample(
                (metadata, claims, port, queue, size, only, address) =>
                {
                    var said = new ExtensionHandshake
                    {
                        MetadataId = metadata,
                        ClaimsId = claims,
                        DontHaveId = 3,
                        PexId = 4,
                        Port = port,
                        RequestQueue = queue,
                        MetadataSize = size,
                        IsUploadOnly = only,
                        Version = "x 1",
                        YourAddress = new IPAddress(address),
                    };
                    Assert.Equal(said, ExtensionHandshake.TryRead(said.ToBytes()));
                }
            );

    [Theory]
    [InlineData("de")]
    [InlineData("d1:m0:e")] // m is no dictionary
    [InlineData("d1:md11:ut_metadatai999eee")] // id beyond a byte
    [InlineData("d1:pi70000e4:reqqi-5e6:yourip3:abce")]
    [InlineData("d1:v65:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxe")]
    public void Handshake_ValuesThatMakeNoSense_AreSkipped(string text) =>
        Assert.Equal(new ExtensionHandshake(), ExtensionHandshake.TryRead(Encoding.ASCII.GetBytes(text)));

    [Theory]
    [InlineData("")]
    [InlineData("i1e")]
    [InlineData("d1:m")]
    [InlineData("dee")]
    public void Handshake_NoDictionary_EndsTheConnection(string text)
    {
        Assert.Null(ExtensionHandshake.TryRead(Encoding.ASCII.GetBytes(text)));
        var peer = new EngineHarness().Connect(1).Say(PeerMessageKind.Extended, payload: Encoding.ASCII.GetBytes(text));
        Assert.Equal(PeerFault.BadExtension, peer.Fault);
    }

    [Fact]
    public void Handshake_RandomBytes_NeverThrow() =>
        Gen.Byte.Array[0, 80].Sample(bytes => { ExtensionHandshake.TryRead(bytes); }, iter: 20_000);

    [Fact]
    public void Handshake_Again_AddsAndTakesAway()
    {
        var harness = new EngineHarness();
        var neighbour = harness.Connect(200).Say(PeerMessageKind.HaveNone).Hello();
        neighbour.Say(PeerMessageKind.Extended, payload: Encoding.ASCII.GetBytes("d1:md2:ssi0eee"));
        harness.Connect(1, PeerReach.Wan).HaveAll().Unchoke();
        harness.Pass(2);
        Assert.Empty(neighbour.ClaimsHeard);
    }

    /// <summary>BEP 21: the whole handshake again, because clients take a name left out for withdrawn.</summary>
    [Fact]
    public void Complete_UploadOnly_IsSaidWithEverythingElse()
    {
        var harness = new EngineHarness(pieces: 1);
        var peer = harness.Connect(1).HaveAll().Unchoke();
        var before = ExtensionHandshake.TryRead(peer.HeardOf(PeerMessageKind.Extended).Single().Payload)!;
        Assert.False(before.IsUploadOnly);
        peer.Serve();
        var after = ExtensionHandshake.TryRead(peer.HeardOf(PeerMessageKind.Extended).Last().Payload)!;
        Assert.Equal(before with { IsUploadOnly = true }, after);
    }

    [Fact]
    public void Extended_IdNobodyKnows_IsIgnored()
    {
        var peer = new EngineHarness().Connect(1).Say(PeerMessageKind.Extended, payload: [1, 2, 3], extended: 200);
        Assert.Equal(PeerFault.None, peer.Fault);
    }

    [Fact]
    public void Extended_WithoutBep10_EndsTheConnection()
    {
        var peer = new EngineHarness().Connect(1, hasExtensions: false);
        Assert.Empty(peer.HeardOf(PeerMessageKind.Extended));
        Assert.Equal(PeerFault.BadExtension, peer.Say(PeerMessageKind.Extended, payload: [1]).Fault);
    }
}
