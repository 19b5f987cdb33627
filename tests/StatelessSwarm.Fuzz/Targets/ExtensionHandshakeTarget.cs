using System.Net;
using System.Text;
using StatelessSwarm.Engine.Extensions;

namespace StatelessSwarm.Fuzz.Targets;

/// <summary><see cref="ExtensionHandshake"/> (BEP 10): values within their ranges; written and read again, it says the same.</summary>
internal sealed class ExtensionHandshakeTarget : FuzzTarget
{
    public override string Name => "extension-handshake";

    public override IReadOnlyList<byte[]> Words =>
        WordsOf("1:md", "11:ut_metadata", "2:ss", "11:lt_donthave", "6:ut_pex", "13:metadata_sizei", "1:pi", "4:reqqi", "11:upload_onlyi1e", "1:v", "6:yourip4:", "e", "i-1e");

    public override void Run(ReadOnlySpan<byte> input)
    {
        if (ExtensionHandshake.TryRead(input.ToArray()) is not { } said)
            return;
        Require(said.Port is >= 0 and <= ushort.MaxValue, "a port");
        Require(said.RequestQueue is >= 0 and <= 1 << 20, "a bounded queue");
        Require(said.MetadataSize >= 0, "a size");
        // Bytes that are not UTF-8 grow when they are decoded, and may then be too long to be read again.
        if (said.Version is { } version && Encoding.UTF8.GetByteCount(version) > 64)
            said = said with { Version = null };
        Require(ExtensionHandshake.TryRead(said.ToBytes()) == said, "it is the same when read again");
    }

    public override IEnumerable<(string Name, byte[] Bytes)> Seeds()
    {
        yield return ("empty", "de"u8.ToArray());
        yield return ("full", Full().ToBytes());
        yield return ("foreign", "d1:ei0e4:ipv616:0123456789abcdef12:complete_agoi1e1:md11:lt_donthavei7e10:share_modei8e11:upload_onlyi3e12:ut_holepunchi4e11:ut_metadatai2e6:ut_pexi1ee13:metadata_sizei1234e1:pi6881e4:reqqi2000e1:v18:libtorrent/2.0.8.06:yourip4:\u007f\0\0\u0001e"u8.ToArray());
    }

    private static ExtensionHandshake Full() =>
        new()
        {
            MetadataId = 1,
            ClaimsId = 2,
            DontHaveId = 3,
            Port = 6881,
            RequestQueue = 250,
            MetadataSize = 12345,
            IsUploadOnly = true,
            Version = "StatelessSwarm 0.1",
            YourAddress = IPAddress.Parse("10.0.0.1"),
        };
}
