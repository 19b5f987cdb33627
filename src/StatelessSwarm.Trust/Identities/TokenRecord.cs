using System.Buffers;
using MessagePack;
using StatelessSwarm.Trust.Signing;

namespace StatelessSwarm.Trust.Identities;

/// <summary>A token as its authority keeps it: MessagePack array [1, secret, name, uses, expiry in seconds since 1970, lifetime of certificates in seconds].</summary>
/// <param name="Secret">32 bytes.</param>
/// <param name="Name">Name of the machine it is for; empty lets the machine say its own.</param>
/// <param name="Uses">Machines that may still enrol with it; <see cref="AnyNumber"/> for as many as like.</param>
/// <param name="ExpiresUnixSeconds">When it ends.</param>
/// <param name="LifetimeSeconds">How long the certificates hold that it gives.</param>
internal sealed record TokenRecord(ReadOnlyMemory<byte> Secret, string Name, int Uses, long ExpiresUnixSeconds, long LifetimeSeconds)
{
    public const int AnyNumber = -1;
    public const int MaxBytes = 256;

    private const int Format = 1;

    public byte[] Encode()
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(buffer);
        writer.WriteArrayHeader(6);
        writer.Write(Format);
        writer.Write(Secret.Span);
        writer.Write(Name);
        writer.Write(Uses);
        writer.Write(ExpiresUnixSeconds);
        writer.Write(LifetimeSeconds);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    public static TokenRecord Decode(ReadOnlyMemory<byte> bytes) =>
        PackRead.Guard(
            "token",
            () =>
            {
                var reader = new MessagePackReader(bytes);
                PackRead.ArrayOf(ref reader, 6, Format, "token");
                var secret = PackRead.BinaryOf(ref reader, EnrolmentToken.SecretSize, "token");
                return new TokenRecord(secret, reader.ReadString() ?? "", reader.ReadInt32(), reader.ReadInt64(), reader.ReadInt64());
            }
        );
}
