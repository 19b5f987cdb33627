using System.Net;
using StatelessSwarm.Discovery.Messages;

namespace StatelessSwarm.Discovery.Browsing;

/// <summary>Joins what the links know of one service type into instances and tells readers what changed.</summary>
internal sealed class ServiceBrowser(DomainName type, string typeText, int maxInstances)
{
    /// <summary>Most addresses reported of one instance.</summary>
    public const int MaxAddresses = 16;

    private readonly Dictionary<DomainName, ServiceInstance> _known = [];
    private readonly List<ServiceEventQueue> _readers = [];

    /// <summary>The type with <c>.local</c>.</summary>
    public DomainName Type { get; } = type;

    /// <summary>The type as the user wrote it.</summary>
    public string TypeText { get; } = typeText;

    /// <summary>Whether anybody still reads.</summary>
    public bool HasReaders => _readers.Count > 0;

    /// <summary>Names reported and not lost.</summary>
    public List<DomainName> KnownNames => [.. _known.Keys];

    /// <summary>Adds a reader and tells it what is known.</summary>
    public void AddReader(ServiceEventQueue reader)
    {
        _readers.Add(reader);
        foreach (var (name, instance) in _known)
            reader.Post(name, new ServiceEvent(ServiceEventKind.Found, instance));
    }

    /// <summary>Removes a reader.</summary>
    public void RemoveReader(ServiceEventQueue reader) => _readers.Remove(reader);

    /// <summary>Ends every reader.</summary>
    public void Complete() => _readers.ForEach(reader => reader.Complete());

    /// <summary>Takes the present state of an instance; null when it cannot be called.</summary>
    public void Update(DomainName name, ServiceInstance? instance)
    {
        if (instance is null)
        {
            if (_known.Remove(name, out var lost))
                Tell(name, ServiceEventKind.Lost, lost);
            return;
        }

        if (!_known.TryGetValue(name, out var known))
        {
            if (_known.Count >= maxInstances)
                return;
            _known[name] = instance;
            Tell(name, ServiceEventKind.Found, instance);
        }
        else if (!IsSame(known, instance))
        {
            _known[name] = instance;
            Tell(name, ServiceEventKind.Updated, instance);
        }
    }

    private void Tell(DomainName name, ServiceEventKind kind, ServiceInstance instance)
    {
        foreach (var reader in _readers)
            reader.Post(name, new ServiceEvent(kind, instance));
    }

    private static bool IsSame(ServiceInstance left, ServiceInstance right) =>
        left.Host == right.Host
        && left.Port == right.Port
        && left.Addresses.SequenceEqual(right.Addresses)
        && left.Text.Count == right.Text.Count
        && left.Text.All(pair => right.Text.TryGetValue(pair.Key, out var value) && value == pair.Value);

    /// <summary>Addresses in the order they are reported: IPv4 first, then by value, none twice.</summary>
    public static IReadOnlyList<IPAddress> Order(IEnumerable<IPAddress> addresses) =>
        [
            .. addresses
                .Distinct()
                .OrderBy(address => address.AddressFamily)
                .ThenBy(address => Convert.ToHexString(address.GetAddressBytes()), StringComparer.Ordinal)
                .Take(MaxAddresses),
        ];
}
