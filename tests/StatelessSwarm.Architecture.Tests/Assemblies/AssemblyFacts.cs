using System.Collections.Immutable;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace StatelessSwarm.Architecture.Tests.Assemblies;

/// <summary>What a compiled assembly refers to, read from its metadata; nothing of it is loaded or run.</summary>
/// <param name="References">Names of the referenced assemblies.</param>
/// <param name="Types">Full names of the referenced types.</param>
/// <param name="Members">Referenced members as <c>Namespace.Type::Member</c>.</param>
/// <param name="Imports">Methods with a native implementation, as <c>library!entry</c>.</param>
internal sealed record AssemblyFacts(
    ImmutableHashSet<string> References, ImmutableHashSet<string> Types, ImmutableHashSet<string> Members, ImmutableHashSet<string> Imports)
{
    /// <summary>Facts of an assembly that refers to nothing.</summary>
    public static AssemblyFacts None { get; } = new([], [], [], []);

    /// <summary>Reads the facts of an assembly file.</summary>
    public static AssemblyFacts Read(string path)
    {
        using FileStream file = File.OpenRead(path);
        using PEReader image = new(file);
        MetadataReader reader = image.GetMetadataReader();
        return new AssemblyFacts(
            [.. reader.AssemblyReferences.Select(handle => reader.GetString(reader.GetAssemblyReference(handle).Name))],
            [.. reader.TypeReferences.Select(handle => TypeName(reader, handle))],
            [.. reader.MemberReferences.Select(handle => MemberName(reader, reader.GetMemberReference(handle))).OfType<string>()],
            [.. reader.MethodDefinitions.Select(handle => ImportName(reader, reader.GetMethodDefinition(handle))).OfType<string>()]);
    }

    private static string TypeName(MetadataReader reader, TypeReferenceHandle handle)
    {
        TypeReference type = reader.GetTypeReference(handle);
        string name = reader.GetString(type.Name);
        return type.ResolutionScope.Kind == HandleKind.TypeReference
            ? TypeName(reader, (TypeReferenceHandle)type.ResolutionScope) + "+" + name
            : reader.GetString(type.Namespace) + "." + name;
    }

    private static string? MemberName(MetadataReader reader, MemberReference member)
    {
        string? owner = member.Parent.Kind switch
        {
            HandleKind.TypeReference => TypeName(reader, (TypeReferenceHandle)member.Parent),
            HandleKind.TypeSpecification => GenericOwner(reader, (TypeSpecificationHandle)member.Parent),
            _ => null,
        };
        return owner is null ? null : owner + "::" + reader.GetString(member.Name);
    }

    private static string? GenericOwner(MetadataReader reader, TypeSpecificationHandle handle)
    {
        // ECMA-335 II.23.2.14: GENERICINST (0x15), CLASS or VALUETYPE, then the type; anything else is an array or a parameter.
        BlobReader blob = reader.GetBlobReader(reader.GetTypeSpecification(handle).Signature);
        if (blob.ReadSignatureTypeCode() != SignatureTypeCode.GenericTypeInstance)
        {
            return null;
        }

        blob.ReadCompressedInteger();
        EntityHandle type = blob.ReadTypeHandle();
        return type.Kind == HandleKind.TypeReference ? TypeName(reader, (TypeReferenceHandle)type) : null;
    }

    private static string? ImportName(MetadataReader reader, MethodDefinition method)
    {
        MethodImport import = method.GetImport();
        return import.Module.IsNil ? null
            : reader.GetString(reader.GetModuleReference(import.Module).Name) + "!" + reader.GetString(import.Name);
    }
}
