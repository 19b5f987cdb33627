using System.Net;
using StatelessSwarm.Discovery.Messages;

namespace StatelessSwarm.Discovery.Tests.Network;

/// <summary>A packet seen on the virtual segment.</summary>
internal sealed record SentPacket(TimeSpan At, IPAddress From, IPEndPoint? Target, byte[] Payload, Message Message)
{
    public bool IsResponse => Message.Header.IsResponse;

    public bool IsProbe => !IsResponse && Message.Authorities.Count > 0;

    public bool Answers(DomainName name, RecordType type) =>
        IsResponse && Message.Answers.Exists(record => record.Type == type && record.Name.Equals(name));

    public bool Asks(DomainName name, RecordType type) =>
        !IsResponse && Message.Questions.Exists(question => question.Type == type && question.Name.Equals(name));
}
