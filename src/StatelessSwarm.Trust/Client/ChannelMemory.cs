using System.Buffers;
using MessagePack;
using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Trust.Signing;

namespace StatelessSwarm.Trust.Client;

/// <summary>
/// What is remembered of one channel. Encoding: MessagePack array [1, pointer envelope, build floor], strict.
/// </summary>
/// <param name="Envelope">Envelope of the pointer last believed.</param>
/// <param name="BuildFloor">Highest build whose manifest was believed through this channel; 0 before the first. Survives a
/// change of channel keys, which the pointer itself does not.</param>
internal sealed record ChannelMemory(ReadOnlyMemory<byte> Envelope, long BuildFloor)
{
    private const int Format = 1;

    /// <summary>Largest encoding.</summary>
    public static int MaxBytes => SignedEnvelope.MaxBytes(ChannelPointer.MaxBytes) + 32;

    public byte[] Encode()
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(buffer);
        writer.WriteArrayHeader(3);
        writer.Write(Format);
        writer.Write(Envelope.Span);
        writer.Write(BuildFloor);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    public static ChannelMemory Decode(ReadOnlyMemory<byte> bytes) =>
        PackRead.Guard(
            "channel state",
            () =>
            {
                var reader = new MessagePackReader(bytes);
                PackRead.ArrayOf(ref reader, 3, Format, "channel state");
                var envelope = PackRead.Binary(ref reader, MaxBytes, "channel state");
                return new ChannelMemory(envelope, reader.ReadInt64());
            }
        );
}
