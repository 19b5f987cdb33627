namespace StatelessSwarm.Discovery.Messages;

/// <summary>What names a record set: name and type, class IN understood.</summary>
internal readonly record struct RecordKey(DomainName Name, RecordType Type);
