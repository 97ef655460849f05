using Google.Protobuf.Reflection;

namespace Net.Grpc;

/// <summary>Finds the .proto files of a set of services by name, by what they declare, and by the extensions they hold.</summary>
internal sealed class DescriptorIndex
{
    private readonly Dictionary<string, FileDescriptor> _files = [];
    private readonly Dictionary<string, FileDescriptor> _symbols = [];
    private readonly Dictionary<string, SortedDictionary<int, FileDescriptor>> _extensions = [];

    internal DescriptorIndex(IEnumerable<FileDescriptor> roots)
    {
        foreach (FileDescriptor root in roots)
        {
            AddFile(root);
        }
    }

    internal FileDescriptor? FindByName(string name) => _files.GetValueOrDefault(name);

    internal FileDescriptor? FindBySymbol(string fullName) => _symbols.GetValueOrDefault(fullName);

    internal FileDescriptor? FindByExtension(string type, int number) => _extensions.GetValueOrDefault(type)?.GetValueOrDefault(number);

    /// <summary>The numbers of a message's extensions; <c>null</c> when there is no such message.</summary>
    internal IEnumerable<int>? ExtensionNumbers(string type) =>
        _extensions.TryGetValue(type, out SortedDictionary<int, FileDescriptor>? extensions) ? extensions.Keys
        : _symbols.TryGetValue(type, out FileDescriptor? file) && file.MessageTypes.SelectMany(Nested).Any(m => m.FullName == type) ? []
        : null;

    /// <summary>A file and all that it needs, itself first.</summary>
    internal static IReadOnlyList<FileDescriptor> WithDependencies(FileDescriptor file)
    {
        List<FileDescriptor> all = [file];
        // The list grows while it is read.
        for (int i = 0; i < all.Count; i++)
        {
            all.AddRange(all[i].Dependencies.Where(d => all.All(known => known.Name != d.Name)));
        }

        return all;
    }

    private static IEnumerable<MessageDescriptor> Nested(MessageDescriptor message) => message.NestedTypes.SelectMany(Nested).Prepend(message);

    private void AddFile(FileDescriptor file)
    {
        if (!_files.TryAdd(file.Name, file))
        {
            return;
        }

        foreach (FileDescriptor dependency in file.Dependencies)
        {
            AddFile(dependency);
        }

        foreach (ServiceDescriptor service in file.Services)
        {
            AddSymbols(file, [service.FullName, .. service.Methods.Select(m => m.FullName)]);
        }

        AddEnums(file, file.EnumTypes);
        AddExtensions(file, file.Extensions);
        foreach (MessageDescriptor message in file.MessageTypes.SelectMany(Nested))
        {
            AddSymbols(file, [message.FullName, .. message.Fields.InDeclarationOrder().Select(f => f.FullName), .. message.Oneofs.Select(o => o.FullName)]);
            AddEnums(file, message.EnumTypes);
            AddExtensions(file, message.Extensions);
        }
    }

    private void AddEnums(FileDescriptor file, IEnumerable<EnumDescriptor> enums)
    {
        foreach (EnumDescriptor type in enums)
        {
            AddSymbols(file, [type.FullName, .. type.Values.Select(v => v.FullName)]);
        }
    }

    private void AddExtensions(FileDescriptor file, ExtensionCollection extensions)
    {
        foreach (FieldDescriptor extension in extensions.UnorderedExtensions)
        {
            AddSymbols(file, [extension.FullName]);
            if (!_extensions.TryGetValue(extension.ExtendeeType.FullName, out SortedDictionary<int, FileDescriptor>? numbers))
            {
                _extensions.Add(extension.ExtendeeType.FullName, numbers = []);
            }

            numbers.TryAdd(extension.FieldNumber, file);
        }
    }

    private void AddSymbols(FileDescriptor file, IEnumerable<string> names)
    {
        foreach (string name in names)
        {
            _symbols.TryAdd(name, file);
        }
    }
}
