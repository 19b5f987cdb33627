using System.Net;
using StatelessSwarm.Discovery.Messages;

namespace StatelessSwarm.Discovery.Tests.Network;

/// <summary>Packets of strangers.</summary>
internal static class Packet
{
    public static byte[] Query(params Question[] questions) => Write(0, 0, questions);

    public static byte[] Query(
        Question question,
        ResourceRecord[]? known = null,
        ResourceRecord[]? authorities = null,
        bool truncated = false,
        ushort id = 0
    ) => Write(id, truncated ? MessageHeader.TruncatedFlag : (ushort)0, [question], known, authorities);

    public static byte[] MoreKnown(params ResourceRecord[] known) => Write(0, 0, [], known);

    public static byte[] Response(params ResourceRecord[] answers) =>
        Write(0, MessageHeader.ResponseFlag | MessageHeader.AuthoritativeFlag, [], answers);

    public static ResourceRecord A(string host, string address, uint ttl = 120, bool flush = true) =>
        new(DomainName.Parse(host), RecordType.A, ttl, flush, RecordData.Address(IPAddress.Parse(address)));

    public static ResourceRecord Pointer(string instance, uint ttl = 4500) =>
        new(VirtualSegment.Type, RecordType.Ptr, ttl, false, RecordData.Pointer(VirtualSegment.Type.Child(instance)));

    public static ResourceRecord Service(string instance, string host, int port, uint ttl = 120) =>
        new(
            VirtualSegment.Type.Child(instance),
            RecordType.Srv,
            ttl,
            true,
            RecordData.Service(DomainName.Parse(host), port)
        );

    public static ResourceRecord Text(string instance, uint ttl = 4500) =>
        new(VirtualSegment.Type.Child(instance), RecordType.Txt, ttl, true, [0]);

    public static ResourceRecord[] All(string instance, string host, int port, string address) =>
        [Pointer(instance), Service(instance, host, port), Text(instance), A(host, address)];

    private static byte[] Write(
        ushort id,
        ushort flags,
        Question[] questions,
        ResourceRecord[]? answers = null,
        ResourceRecord[]? authorities = null
    )
    {
        var buffer = new byte[MessageReader.MaxPacketLength];
        var writer = new MessageWriter(buffer, id, flags);
        foreach (var question in questions)
            Assert.True(writer.TryWrite(question));
        foreach (var record in answers ?? [])
            Assert.True(writer.TryWrite(MessageSection.Answer, record));
        foreach (var record in authorities ?? [])
            Assert.True(writer.TryWrite(MessageSection.Authority, record));
        return buffer[..writer.Length];
    }
}
