namespace StatelessSwarm.Discovery.Messages;

/// <summary>A question (RFC 1035 4.1.2) of class IN or ANY.</summary>
/// <param name="Name">Asked name.</param>
/// <param name="Type">Asked type, or <see cref="RecordType.Any"/>.</param>
/// <param name="WantsUnicast">The QU bit, top bit of the class (RFC 6762 5.4).</param>
internal readonly record struct Question(DomainName Name, RecordType Type, bool WantsUnicast = false)
{
    /// <summary>Whether a record with this name and type answers the question.</summary>
    public bool IsAnsweredBy(ResourceRecord record) =>
        (Type == RecordType.Any || Type == record.Type) && record.Name.Equals(Name);
}
